// Sends prepared frames as fast as its clients read: `node bench/feeder.ts <events> <actors> [zdict]`, a process of its own.
// Prints its port and number of events as JSON. A client that asks for compress=true or a zstdDictionary gets compressed
// frames; one that asks for singly=1 gets each frame in a write of its own, as real servers send them.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { constants, zstdCompressSync } from 'node:zlib'
import { WebSocketServer } from 'ws'
import { Network } from '../src/simulator/network.ts'
import { v1 } from '../src/simulator/wires/v1.ts'
import { v2 } from '../src/simulator/wires/v2.ts'

const [count = '200000', actors = '200000', dictionaryPath] = process.argv.slice(2)
const CHUNK = 256 * 1024
/** Milliseconds between two frames that are sent one by one: 20,000 a second, slow enough that most reads bring one frame. */
const SINGLE_MS = 0.05
const START = 1_750_000_000_000_000

const network = new Network({ seed: 1, actors: Number(actors), start: START, step: 1_000, mix: 'feed' })
const dictionary = dictionaryPath === undefined ? undefined : readFileSync(dictionaryPath)
type Kind = 'v1' | 'v2' | 'zstd' | 'zstd2'

/** Frames joined into chunks, each sent in one write; `ends`: where the frames of each chunk end. */
const chunks: Record<Kind, Buffer[]> = { v1: [], v2: [], zstd: [], zstd2: [] }
const ends: Record<Kind, number[][]> = { v1: [], v2: [], zstd: [], zstd2: [] }
const open: Record<Kind, Buffer[]> = { v1: [], v2: [], zstd: [], zstd2: [] }
const openBytes = { v1: 0, v2: 0, zstd: 0, zstd2: 0 }
const wanted = new Set(process.env.FEED?.split(',') ?? ['v1'])
let seq = 0
while (seq < Number(count)) {
  for (const event of network.next()) {
    seq += 1
    const text = Buffer.from(v1.frame(event, seq) ?? '')
    if (wanted.has('v1')) add('v1', frame(text, 1))
    const second = Buffer.from(v2.frame(event, seq) ?? '')
    if (wanted.has('v2')) add('v2', frame(second, 1))
    if (wanted.has('zstd') && dictionary !== undefined) add('zstd', frame(packed(text, dictionary), 2))
    if (wanted.has('zstd2') && dictionary !== undefined) add('zstd2', frame(packed(second, dictionary), 2))
  }
}
for (const kind of ['v1', 'v2', 'zstd', 'zstd2'] as const) flush(kind)

const http = createServer((_request, response) => {
  response.statusCode = dictionary === undefined ? 404 : 200
  response.end(dictionary)
})
const server = new WebSocketServer({ server: http, perMessageDeflate: false })
server.on('connection', (client, request) => {
  const { socket } = request
  const url = new URL(request.url ?? '/', 'http://feeder')
  const kind = kindOf(url)
  const singly = url.searchParams.has('singly')
  socket.setNoDelay(true)
  let next = 0
  let at = 0
  let frameNo = 0
  const pump = (): void => {
    while (next < chunks[kind].length && !socket.destroyed) {
      const chunk = chunks[kind][next] ?? Buffer.alloc(0)
      const end = singly ? (ends[kind][next]?.[frameNo++] ?? chunk.length) : chunk.length
      const more = socket.write(chunk.subarray(at, end))
      at = end
      if (at === chunk.length) {
        next += 1
        at = 0
        frameNo = 0
      }
      if (!more) {
        socket.once('drain', pump)
        return
      }
      if (singly) {
        const due = performance.now() + SINGLE_MS
        while (performance.now() < due);
        setImmediate(pump)
        return
      }
    }
  }
  client.on('error', () => {})
  pump()
})
http.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: (http.address() as AddressInfo).port, events: seq }))
})

function kindOf({ pathname, searchParams }: URL): Kind {
  if (pathname.startsWith('/xrpc')) return searchParams.has('zstdDictionary') ? 'zstd2' : 'v2'
  return searchParams.get('compress') === 'true' ? 'zstd' : 'v1'
}

function packed(text: Buffer, dictionary: Buffer): Buffer {
  return zstdCompressSync(text, { dictionary, params: { [constants.ZSTD_c_contentSizeFlag]: 1 } })
}

function add(kind: Kind, bytes: Buffer): void {
  open[kind].push(bytes)
  openBytes[kind] += bytes.length
  if (openBytes[kind] > CHUNK) flush(kind)
}

function flush(kind: Kind): void {
  if (openBytes[kind] > 0) {
    chunks[kind].push(Buffer.concat(open[kind]))
    let end = 0
    ends[kind].push(
      open[kind].map(({ length }) => {
        end += length
        return end
      }),
    )
  }
  open[kind] = []
  openBytes[kind] = 0
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
