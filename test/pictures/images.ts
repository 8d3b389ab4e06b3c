import { avatarOf } from '../../src/simulator/avatar.ts'

/** A PNG of 128 x 128 pixels. */
export const PNG = avatarOf({ index: 7 })

/** The first bytes of images of a size, without pixels. */
export function heads(width: number, height: number): Record<string, Buffer> {
  const png = Buffer.from(PNG)
  png.writeUInt32BE(width, 16)
  png.writeUInt32BE(height, 20)
  const riff = (kind: string, write: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.alloc(30)
    bytes.write('RIFF', 'latin1')
    bytes.write(`WEBP${kind}`, 8, 'latin1')
    write(bytes)
    return bytes
  }
  const frame = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xc2, 0, 17, 8, 0, 0, 0, 0, 3])
  frame.writeUInt16BE(height, 14)
  frame.writeUInt16BE(width, 16)
  return {
    png,
    jpeg: frame,
    'webp VP8 ': riff('VP8 ', (bytes) => {
      bytes.writeUInt16LE(width, 26)
      bytes.writeUInt16LE(height, 28)
    }),
    'webp VP8L': riff('VP8L', (bytes) => bytes.writeUInt32LE((width - 1) | ((height - 1) << 14), 21)),
    'webp VP8X': riff('VP8X', (bytes) => {
      bytes.writeUIntLE(width - 1, 24, 3)
      bytes.writeUIntLE(height - 1, 27, 3)
    }),
  }
}
