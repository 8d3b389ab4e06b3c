import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { encode } from '@atcute/cbor'
import { CODEC_DCBOR, create, toCidLink } from '@atcute/cid'
import type { Random } from './random.ts'

/** How much a flood sends before it ends, uncompressed: more than any client should accept. */
const FLOOD_BYTES = 96 * 2 ** 20
const CHUNK_BYTES = 2 ** 20
/** Interval and duration of a trickling answer. */
const DRIP_MS = 200
const TRICKLE_MS = 10_000

/** Answers a request for a repository with an error, garbage, a truncated file, a trickle or a flood. */
export async function serveHostileRepository(response: ServerResponse, random: Random): Promise<void> {
  switch (random.below(6)) {
    case 0:
      response.writeHead(500).end('{"error":"InternalServerError"}')
      break
    case 1:
      response.writeHead(200, CAR).end(Buffer.from('this is no CAR file'))
      break
    case 2:
      response.writeHead(200, { ...CAR, 'content-length': '1000000' }).write(await header())
      response.destroy()
      break
    case 3:
      // A CAR file without the root that it names.
      response.writeHead(200, CAR).end(await header())
      break
    case 4:
      await trickle(response)
      break
    default:
      await flood(response)
  }
}

const CAR = { 'content-type': 'application/vnd.ipld.car' }

/** Sends one byte now and then, to keep the client waiting. */
async function trickle(response: ServerResponse): Promise<void> {
  response.writeHead(200, CAR).write(await header())
  for (let ms = 0; ms < TRICKLE_MS && !response.destroyed; ms += DRIP_MS) {
    await sleep(DRIP_MS)
    response.write(Buffer.of(1))
  }
  response.end()
}

/** Sends millions of the smallest blocks possible: little to transfer, much to hold in memory. */
async function flood(response: ServerResponse): Promise<void> {
  response.writeHead(200, { ...CAR, 'content-encoding': 'gzip' }).write(gzipSync(await header()))
  const block = await smallestBlock()
  const chunk = gzipSync(Buffer.concat(Array<Buffer>(Math.floor(CHUNK_BYTES / block.length)).fill(block)))
  for (let sent = 0; sent < FLOOD_BYTES && !response.destroyed; sent += CHUNK_BYTES) {
    if (response.write(chunk)) continue
    await Promise.race([sleep(TRICKLE_MS), new Promise((resolve) => response.once('drain', resolve))])
  }
  response.end()
}

/** A CAR file's header, which names a root that is not in it. */
async function header(): Promise<Buffer> {
  const roots = [toCidLink(await create(CODEC_DCBOR, encode({ nowhere: true })))]
  return prefixed(encode({ version: 1, roots }))
}

async function smallestBlock(): Promise<Buffer> {
  const data = encode(0)
  const { bytes } = await create(CODEC_DCBOR, data)
  return prefixed(Buffer.concat([bytes, data]))
}

/** Prefixes the length as a varint: one byte, since lengths here are below 128. */
function prefixed(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(bytes.length), bytes])
}
