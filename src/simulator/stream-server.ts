import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { constants, zstdCompressSync } from 'node:zlib'
import { WebSocketServer } from 'ws'
import type { Micros, StreamEvent, Wire } from '../atproto/event.ts'
import type { Archive } from './archive.ts'
import type { Faults } from './faults.ts'
import { infoV2 } from './frames.ts'
import { Random } from './random.ts'
import { type SubscriptionOptions, serve } from './subscription.ts'

export type StreamServerOptions = {
  archive: Archive
  faults: Faults
  seed: number
  /** Dictionaries that frames may be compressed with; a wire without one comes uncompressed. */
  dictionaries: { v1: Uint8Array | undefined; v2: Uint8Array | undefined }
  slow: SubscriptionOptions['slow']
  pingMs: number
}

const PATHS: Readonly<Record<string, Wire>> = {
  '/subscribe': 'v1',
  '/xrpc/network.bsky.jetstream.subscribeEvents': 'v2',
}

/** From here on a cursor is a time in microseconds. */
const TIME_CURSORS = 1e15

/** Why an upgrade is answered otherwise, as XRPC says it. */
type Refusal = { status: number; error: string; message: string }

/** Serves an archive over both wires, as a v2 host does; `server` gets the upgrade requests. */
export function serveStream(server: Server, options: StreamServerOptions): { close(): void } {
  const { archive, faults, seed, dictionaries, slow, pingMs } = options
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  const random = new Random(seed ^ 0x51ed270b)

  const accept = (request: IncomingMessage, socket: Duplex, head: Buffer, url: URL, wire: Wire): void => {
    const query = url.searchParams
    const begin = beginning(query, wire, archive)
    const refusal = refusalOf(request, query, wire, options) ?? ('error' in begin ? begin : undefined)
    if (refusal !== undefined || 'error' in begin) {
      refuse(socket, refusal ?? { status: 500, error: 'InternalServerError', message: 'unreachable' })
      return
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      const encode = encoderOf(query, wire, dictionaries)
      const start = (wants: (event: StreamEvent) => boolean) => {
        if (begin.info !== undefined) client.send(encode(begin.info))
        return serve({
          socket: client,
          wire,
          archive,
          index: begin.index,
          wants,
          encode,
          faults,
          random,
          slow,
          pingMs,
        })
      }
      client.on('error', () => {})
      if (wire === 'v2') {
        // The client has nothing to say on this wire.
        client.on('message', () => client.close(1003))
        start(wantsOf(query.getAll('collections'), query.getAll('dids'), query.getAll('kinds')))
        return
      }
      const asked = wantsOf(query.getAll('wantedCollections'), query.getAll('wantedDids'), [])
      let running = query.get('requireHello') === 'true' ? undefined : start(asked)
      client.on('message', (data) => {
        const wants = updateOf(String(data)) ?? asked
        if (running === undefined) running = start(wants)
        else running.update(wants)
      })
    })
  }

  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://simulator')
    const wire = PATHS[url.pathname]
    socket.on('error', () => {})
    if (faults.unavailable) refuse(socket, { status: 503, error: 'NotReady', message: 'still starting' })
    else if (wire === undefined) refuse(socket, { status: 404, error: 'NotFound', message: 'no such stream' })
    else accept(request, socket, head, url, wire)
  })
  return {
    close: () => {
      for (const client of sockets.clients) client.close(1001)
      // Whoever does not answer the close is cut off.
      setTimeout(() => {
        for (const client of sockets.clients) client.terminate()
      }, 200).unref()
    },
  }
}

/** Reads the id of a zstd dictionary (RFC 8878, section 5). */
export function dictionaryId(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true)
}

function refusalOf(
  request: IncomingMessage,
  query: URLSearchParams,
  wire: Wire,
  { dictionaries }: StreamServerOptions,
): Refusal | undefined {
  const bad = (error: string, message: string): Refusal => ({ status: 400, error, message })
  const deflates = String(request.headers['sec-websocket-extensions'] ?? '').includes('permessage-deflate')
  if (wire === 'v1') {
    if (query.get('compress') === 'true' && deflates)
      return bad('InvalidRequest', 'zstd and deflate together')
    return undefined
  }
  const unknown = [...query.keys()].find((name) => name.startsWith('wanted'))
  if (unknown !== undefined) return bad('InvalidRequest', `unknown parameter ${unknown}`)
  const wanted = query.get('zstdDictionary')
  if (wanted === null) return undefined
  const current = dictionaries.v2 === undefined ? undefined : dictionaryId(dictionaries.v2)
  if (Number(wanted) !== current) return bad('UnknownZstdDictionary', `the current dictionary is ${current}`)
  return undefined
}

function beginning(
  query: URLSearchParams,
  wire: Wire,
  archive: Archive,
): Refusal | { index: number; info: string | undefined } {
  const text = query.get('cursor')
  if (text === null) return { index: archive.entries.length, info: undefined }
  const cursor = Number(text)
  if (!Number.isFinite(cursor))
    return { status: 400, error: 'InvalidRequest', message: 'a cursor is a number' }
  const { floor } = archive
  if (cursor < TIME_CURSORS && wire === 'v2') {
    const index = archive.indexOfSeq(cursor)
    if (index < floor)
      return { status: 400, error: 'CursorTooOld', message: `the oldest is ${archive.entries[floor]?.seq}` }
    return { index, info: undefined }
  }
  const index = archive.indexOfTime(cursor as Micros)
  const clamped = index < floor
  return {
    index: Math.max(index, floor),
    info:
      clamped && wire === 'v2'
        ? infoV2('OutdatedCursor', 'events before the oldest kept are gone')
        : undefined,
  }
}

function wantsOf(collections: readonly string[], dids: readonly string[], kinds: readonly string[]) {
  const exact = new Set(collections.filter((name) => !name.endsWith('.*')))
  const prefixes = collections.filter((name) => name.endsWith('.*')).map((name) => name.slice(0, -1))
  const people = new Set(dids)
  return (event: StreamEvent): boolean => {
    if (people.size > 0 && !people.has(event.did)) return false
    if (kinds.length > 0 && !kinds.includes(event.kind)) return false
    if (event.kind !== 'commit' || collections.length === 0) return true
    return exact.has(event.collection) || prefixes.some((prefix) => event.collection.startsWith(prefix))
  }
}

/** The filter that an `options_update` sets; `undefined` where the message is none. */
function updateOf(text: string): ReturnType<typeof wantsOf> | undefined {
  try {
    const { type, payload } = JSON.parse(text)
    if (type !== 'options_update') return undefined
    return wantsOf(payload.wantedCollections ?? [], payload.wantedDids ?? [], [])
  } catch {
    return undefined
  }
}

function encoderOf(query: URLSearchParams, wire: Wire, dictionaries: StreamServerOptions['dictionaries']) {
  const asked = wire === 'v1' ? query.get('compress') === 'true' : query.has('zstdDictionary')
  const dictionary = dictionaries[wire]
  if (!asked || dictionary === undefined) return (text: string): string | Buffer => text
  return (text: string): string | Buffer => {
    return zstdCompressSync(text, { dictionary, params: { [constants.ZSTD_c_contentSizeFlag]: 1 } })
  }
}

function refuse(socket: Duplex, { status, error, message }: Refusal): void {
  const body = JSON.stringify({ error, message })
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
