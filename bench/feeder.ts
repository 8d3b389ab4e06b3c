// A process of its own that sends prepared frames as fast as they are taken: `node bench/feeder.ts <events> <actors> [zdict]`.
// Says on standard output where it listens. A client that asks for compress=true gets the compressed frames.
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { constants, zstdCompressSync } from 'node:zlib'
import { WebSocketServer } from 'ws'
import { frameV1, frameV2 } from '../src/simulator/frames.ts'
import { Network } from '../src/simulator/network.ts'

const [count = '200000', actors = '200000', dictionaryPath] = process.argv.slice(2)
const CHUNK = 256 * 1024
const START = 1_750_000_000_000_000

const network = new Network({ seed: 1, actors: Number(actors), start: START, step: 1_000, mix: 'feed' })
const dictionary = dictionaryPath === undefined ? undefined : readFileSync(dictionaryPath)
const chunks: Record<'v1' | 'v2' | 'zstd', Buffer[]> = { v1: [], v2: [], zstd: [] }
const open: Record<'v1' | 'v2' | 'zstd', Buffer[]> = { v1: [], v2: [], zstd: [] }
const held = { v1: 0, v2: 0, zstd: 0 }
const wanted = new Set(process.env.FEED?.split(',') ?? ['v1'])
let seq = 0
while (seq < Number(count)) {
  for (const event of network.next()) {
    seq += 1
    const text = Buffer.from(frameV1(event, seq) ?? '')
    if (wanted.has('v1')) add('v1', frame(text, 1))
    if (wanted.has('v2')) add('v2', frame(Buffer.from(frameV2(event, seq)), 1))
    if (wanted.has('zstd') && dictionary !== undefined) {
      const packed = zstdCompressSync(text, { dictionary, params: { [constants.ZSTD_c_contentSizeFlag]: 1 } })
      add('zstd', frame(packed, 2))
    }
  }
}
for (const kind of ['v1', 'v2', 'zstd'] as const) flush(kind)

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
server.on('connection', (client, request) => {
  const { socket } = request
  const kind = request.url?.includes('compress=true')
    ? 'zstd'
    : request.url?.startsWith('/xrpc')
      ? 'v2'
      : 'v1'
  let next = 0
  const pump = (): void => {
    while (next < chunks[kind].length) {
      const chunk = chunks[kind][next++]
      if (chunk !== undefined && !socket.write(chunk)) {
        socket.once('drain', pump)
        return
      }
    }
  }
  client.on('error', () => {})
  pump()
})
server.on('listening', () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port, events: seq }))
})

function add(kind: 'v1' | 'v2' | 'zstd', bytes: Buffer): void {
  open[kind].push(bytes)
  held[kind] += bytes.length
  if (held[kind] > CHUNK) flush(kind)
}

function flush(kind: 'v1' | 'v2' | 'zstd'): void {
  if (held[kind] > 0) chunks[kind].push(Buffer.concat(open[kind]))
  open[kind] = []
  held[kind] = 0
}

/** A server's WebSocket frame (RFC 6455, section 5.2): final, unmasked. */
function frame(payload: Buffer, opcode: number): Buffer {
  const { length } = payload
  const head = length < 126 ? Buffer.alloc(2) : length < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10)
  head[0] = 0x80 | opcode
  if (length < 126) head[1] = length
  else if (length < 65_536) {
    head[1] = 126
    head.writeUInt16BE(length, 2)
  } else {
    head[1] = 127
    head.writeBigUInt64BE(BigInt(length), 2)
  }
  return Buffer.concat([head, payload])
}
