import assert from 'node:assert/strict'
import { inflateSync } from 'node:zlib'

export type Pixels = { width: number; height: number; data: Buffer; channels: number }

const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 6: 4 }

/** Decodes a PNG of 8 bits a channel without interlacing; fails where it is damaged. */
export function decodePng(png: Buffer): Pixels {
  assert.equal(png.toString('latin1', 1, 4), 'PNG')
  const parts: Buffer[] = []
  let [width, height, channels, ended] = [0, 0, 0, false]
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    const body = png.subarray(at + 8, at + 8 + length)
    if (type === 'IHDR') {
      width = body.readUInt32BE(0)
      height = body.readUInt32BE(4)
      assert.deepEqual([body[8], body[12]], [8, 0], 'bits, interlacing')
      channels = CHANNELS[body[9] ?? -1] ?? assert.fail(`colour type ${body[9]}`)
    }
    if (type === 'IDAT') parts.push(body)
    ended = type === 'IEND'
    at += 12 + length
  }
  assert.ok(ended, 'it is whole')
  return {
    width,
    height,
    channels,
    data: unfiltered(inflateSync(Buffer.concat(parts)), width, height, channels),
  }
}

/** How many different colours there are. */
export function coloursIn({ data, channels }: Pixels): number {
  const colours = new Set<string>()
  for (let at = 0; at < data.length; at += channels) colours.add(data.toString('hex', at, at + channels))
  return colours.size
}

/** https://www.w3.org/TR/png/#9Filters */
function unfiltered(raw: Buffer, width: number, height: number, channels: number): Buffer {
  const stride = width * channels
  assert.equal(raw.length, (stride + 1) * height)
  const data = Buffer.alloc(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)] ?? 0
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x
      const left = x < channels ? 0 : (data[at - channels] ?? 0)
      const up = y === 0 ? 0 : (data[at - stride] ?? 0)
      const corner = x < channels || y === 0 ? 0 : (data[at - stride - channels] ?? 0)
      const add = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? assert.fail('filter')
      data[at] = (raw[y * (stride + 1) + 1 + x] ?? 0) + add
    }
  }
  return data
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - corner)]
  return a <= b && a <= c ? left : b <= c ? up : corner
}
