import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Wire } from '../atproto/event.ts'
import type { Archive } from './archive.ts'
import { type Encode, encodingOf, type WireDictionaries } from './compression.ts'
import type { Faults } from './faults.ts'
import { type Filter, filterV1, filterV2, updateOf } from './filter.ts'
import { beginningOf } from './place.ts'
import { Random } from './random.ts'
import { type SlowReader, Subscription } from './subscription.ts'

export type StreamServerOptions = {
  archive: Archive
  faults: Faults
  seed: number
  dictionaries: WireDictionaries
  slow: SlowReader
  pingMs: number
}

const PATHS: Readonly<Record<string, Wire>> = {
  '/subscribe': 'v1',
  '/xrpc/network.bsky.jetstream.subscribeEvents': 'v2',
}
const SUBPROTOCOL = 'xrpc.v1.json'
/** How long a client may take to answer a goodbye, in milliseconds. */
const GOODBYE_MS = 200

/** Why an upgrade is answered otherwise. */
type Refusal = { status: number; error: string; message: string }

/** What a request asks for, once it is found to be in order. */
type Agreed = {
  wire: Wire
  filter: Filter
  encode: Encode
  seq: number
  info: string | undefined
  /** Nothing is sent before the client has said what it wants. */
  hello: boolean
}

/** Serves an archive over both wires, as a v2 host does; `server` gets the upgrade requests. */
export function serveStream(server: Server, options: StreamServerOptions): { close(): void } {
  const random = new Random(options.seed ^ 0x51ed270b)
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered, { url = '' }) => {
      return wireOf(url) === 'v2' && offered.has(SUBPROTOCOL) && SUBPROTOCOL
    },
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {})
    const agreed = agreementOf(request, options)
    if ('status' in agreed) refuse(socket, wireOf(request.url ?? ''), agreed)
    else sockets.handleUpgrade(request, socket, head, (client) => attend(client, agreed, options, random))
  })
  return {
    close: () => {
      for (const client of sockets.clients) client.close(1001, 'server shutting down')
      setTimeout(() => {
        for (const client of sockets.clients) client.terminate()
      }, GOODBYE_MS).unref()
    },
  }
}

function wireOf(url: string): Wire | undefined {
  return PATHS[new URL(url, 'http://simulator').pathname]
}

function agreementOf(request: IncomingMessage, options: StreamServerOptions): Agreed | Refusal {
  const { archive, faults, dictionaries } = options
  const { url = '', headers } = request
  const wire = wireOf(url)
  if (faults.unavailable) return { status: 503, error: 'ServiceUnavailable', message: 'service not ready' }
  if (wire === undefined) return { status: 404, error: 'NotFound', message: 'no such stream' }
  const query = new URL(url, 'http://simulator').searchParams
  const encode = encodingOf(query, headers, wire, dictionaries)
  if ('error' in encode) return { status: 400, ...encode }
  const filter = wire === 'v1' ? filterV1(query) : filterV2(query)
  if ('problem' in filter) return { status: 400, error: 'InvalidRequest', message: filter.problem }
  const floor = Math.max(archive.floor, archive.entries.length - faults.keeps)
  const begin = beginningOf(query.get('cursor'), { wire, archive, floor })
  if ('error' in begin) return { status: 400, ...begin }
  const hello = wire === 'v1' && query.get('requireHello') === 'true'
  return { wire, filter, encode, hello, seq: archive.seqAt(begin.index), info: begin.info }
}

/** Serves a client that is connected, and listens to what it says. */
function attend(client: WebSocket, agreed: Agreed, options: StreamServerOptions, random: Random): void {
  const { wire, encode, seq, info, hello } = agreed
  let running: Subscription | undefined
  const start = (filter: Filter): void => {
    running = new Subscription({ ...options, socket: client, wire, seq, filter, encode, random })
  }
  client.on('error', () => {})
  client.on('message', (data, isBinary) => {
    // On the v2 wire, only the server speaks.
    if (wire === 'v2') client.close(1008)
    else if (!isBinary) heed(String(data))
  })
  if (info !== undefined) client.send(encode(info))
  if (!hello) start(agreed.filter)

  function heed(text: string): void {
    const update = updateOf(text)
    if (update === undefined) return
    if ('problem' in update) client.close(update.code, update.problem.slice(0, 40))
    else if (running === undefined) start(update)
    else running.update(update)
  }
}

/** Answers an upgrade in the manner of its wire: XRPC's errors are JSON, those of `/subscribe` are plain text. */
function refuse(socket: Duplex, wire: Wire | undefined, { status, error, message }: Refusal): void {
  const json = wire !== 'v1'
  const body = json ? JSON.stringify({ error, message }) : message
  const lines = [
    `HTTP/1.1 ${status} Refused`,
    `content-type: ${json ? 'application/json' : 'text/plain; charset=utf-8'}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}
