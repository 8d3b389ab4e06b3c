import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Archive } from './archive.ts'
import type { Encode, WireDictionaries } from './compression.ts'
import type { Faults } from './faults.ts'
import type { Filter } from './filter.ts'
import { beginningOf } from './place.ts'
import { Random } from './random.ts'
import { type SlowReader, Subscription } from './subscription.ts'
import { jsonRefusal } from './wires/fields.ts'
import type { SimulatedWire } from './wires/wire.ts'

export type StreamServerOptions = {
  archive: Archive
  wires: readonly SimulatedWire[]
  faults: Faults
  seed: number
  dictionaries: WireDictionaries
  slow: SlowReader
  pingMs: number
}

/** How long a client may take to answer a close frame, in milliseconds. */
const GOODBYE_MS = 200

/** Why an upgrade is refused. */
type Refusal = { status: number; error: string; message: string }

/** What a valid request asks for. */
type Agreed = {
  wire: SimulatedWire
  filter: Filter
  encode: Encode
  seq: number
  info: string | undefined
  /** Nothing is sent before the client's hello. */
  waitsForHello: boolean
}

/** Serves an archive over every wire, answering the upgrade requests of `server`. */
export function serveStream(server: Server, options: StreamServerOptions): { close(): void } {
  const { wires } = options
  const random = new Random(options.seed ^ 0x51ed270b)
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered, { url = '' }) => {
      const subprotocol = wireAt(url, wires)?.subprotocol
      return subprotocol !== undefined && offered.has(subprotocol) && subprotocol
    },
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {})
    const agreed = agreementOf(request, options)
    if ('status' in agreed) refuse(socket, wireAt(request.url ?? '', wires), agreed)
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

function wireAt(url: string, wires: readonly SimulatedWire[]): SimulatedWire | undefined {
  const { pathname } = new URL(url, 'http://simulator')
  return wires.find(({ path }) => path === pathname)
}

function agreementOf(request: IncomingMessage, options: StreamServerOptions): Agreed | Refusal {
  const { archive, faults, dictionaries, wires } = options
  const { url = '', headers } = request
  const wire = wireAt(url, wires)
  if (faults.unavailable) return { status: 503, error: 'ServiceUnavailable', message: 'service not ready' }
  if (wire === undefined) return { status: 404, error: 'NotFound', message: 'no such stream' }
  const query = new URL(url, 'http://simulator').searchParams
  const encode = wire.encodingOf(query, headers, dictionaries[wire.name])
  if ('error' in encode) return { status: 400, ...encode }
  const filter = wire.filterOf(query)
  if ('problem' in filter) return { status: 400, error: 'InvalidRequest', message: filter.problem }
  const floor = Math.max(archive.floor, archive.entries.length - faults.keeps)
  const begin = beginningOf(query.get('cursor'), { wire, archive, floor })
  if ('error' in begin) return { status: 400, ...begin }
  const waitsForHello = wire.waitsForHello(query)
  return { wire, filter, encode, waitsForHello, seq: archive.seqAt(begin.index), info: begin.info }
}

/** Serves a connected client and handles its messages. */
function attend(client: WebSocket, agreed: Agreed, options: StreamServerOptions, random: Random): void {
  const { wire, encode, seq, info, waitsForHello } = agreed
  const brokenFrames = options.wires.flatMap((known) => known.brokenFrames)
  let running: Subscription | undefined
  const start = (filter: Filter): void => {
    running = new Subscription({
      ...options,
      socket: client,
      wire,
      seq,
      filter,
      encode,
      brokenFrames,
      random,
    })
  }
  client.on('error', () => {})
  client.on('message', (data, isBinary) => {
    const update = wire.heed(isBinary ? undefined : String(data))
    if (update === undefined) return
    if ('problem' in update) client.close(update.code, update.problem.slice(0, 40))
    else if (running === undefined) start(update)
    else running.update(update)
  })
  if (info !== undefined) client.send(encode(info))
  if (!waitsForHello) start(agreed.filter)
}

/** Refuses an upgrade in its wire's own format. */
function refuse(socket: Duplex, wire: SimulatedWire | undefined, { status, error, message }: Refusal): void {
  const { type, text } = (wire?.refusalBody ?? jsonRefusal)(error, message)
  const lines = [
    `HTTP/1.1 ${status} Refused`,
    `content-type: ${type}`,
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`)
}
