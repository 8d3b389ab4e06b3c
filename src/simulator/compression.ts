import { constants, zstdCompressSync } from 'node:zlib'
import type { Wire } from '../atproto/event.ts'

/** The zstd dictionaries of both wires; a wire without one sends text. */
export type WireDictionaries = Record<Wire, Uint8Array | undefined>

/** Makes of a frame's text what goes over the wire: bytes are sent as a binary frame. */
export type Encode = (text: string) => string | Buffer

/** What a client asked for that it cannot get. */
export type Refused = { error: 'InvalidRequest' | 'UnknownZstdDictionary'; message: string }

/** Settles how frames are sent to a client that asks by `query` and by its headers, with lower-case names. */
export function encodingOf(
  query: URLSearchParams,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  wire: Wire,
  dictionaries: WireDictionaries,
): Encode | Refused {
  const dictionary = dictionaries[wire]
  const legacy = query.get('compress') === 'true' || String(headers['socket-encoding'] ?? '').includes('zstd')
  if (wire === 'v1') {
    const deflates = String(headers['sec-websocket-extensions'] ?? '').includes('permessage-deflate')
    if (legacy && deflates) {
      return {
        error: 'InvalidRequest',
        message: 'choose one compression scheme: zstd or permessage-deflate, not both',
      }
    }
    return legacy && dictionary !== undefined ? zstd(dictionary) : plain
  }
  if (legacy) {
    return { error: 'InvalidRequest', message: 'compress is for /subscribe; here it is zstdDictionary=<id>' }
  }
  const asked = query.get('zstdDictionary')
  if (asked === null || asked === '') return plain
  if (!/^[1-9]\d{0,9}$/.test(asked)) {
    return { error: 'InvalidRequest', message: 'zstdDictionary must be the id of a dictionary' }
  }
  const current = dictionary === undefined ? undefined : dictionaryId(dictionary)
  if (dictionary === undefined || Number(asked) !== current) {
    const message = `unknown zstd dictionary id ${asked}; current dictionary id is ${current ?? 'none'}`
    return { error: 'UnknownZstdDictionary', message }
  }
  return zstd(dictionary)
}

/** Reads the id of a zstd dictionary (RFC 8878, section 5). */
export function dictionaryId(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true)
}

function plain(text: string): string {
  return text
}

function zstd(dictionary: Uint8Array): Encode {
  const params = { [constants.ZSTD_c_contentSizeFlag]: 1 }
  return (text) => zstdCompressSync(text, { dictionary, params })
}
