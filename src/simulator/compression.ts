import { constants, zstdCompressSync } from 'node:zlib'

/** The wires' zstd dictionaries, by their names; a wire without one sends text. */
export type WireDictionaries = Record<string, Uint8Array | undefined>

/** Encodes a frame's text for sending; a buffer is sent as a binary frame. */
export type Encode = (text: string) => string | Buffer

/** Why a client cannot get the compression that it asked for. */
export type Refused = { error: 'InvalidRequest' | 'UnknownZstdDictionary'; message: string }

/** Reads the id of a zstd dictionary (RFC 8878, section 5). */
export function dictionaryId(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true)
}

/** Sends text as it is. */
export function plain(text: string): string {
  return text
}

/** Compresses each frame, which declares its size in its header. */
export function zstd(dictionary: Uint8Array): Encode {
  const params = { [constants.ZSTD_c_contentSizeFlag]: 1 }
  return (text) => zstdCompressSync(text, { dictionary, params })
}
