import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { encode } from '@atcute/cbor'
import { CODEC_DCBOR, create, toCidLink } from '@atcute/cid'
import type { Random } from './random.ts'

/** What is sent of a flood, in bytes, before it ends: more than anybody should take. */
const FLOOD_BYTES = 96 * 2 ** 20
const CHUNK = 2 ** 20
/** Interval and duration of an answer that trickles. */
const DRIP_MS = 200
const TRICKLE_MS = 10_000

/** Answers a request for a repository by something that is none, of any of several kinds. */
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
      // Whose root is nowhere.
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

/** A few bytes now and then, as from a server that hopes to be waited for. */
async function trickle(response: ServerResponse): Promise<void> {
  response.writeHead(200, CAR).write(await header())
  for (let ms = 0; ms < TRICKLE_MS && !response.destroyed; ms += DRIP_MS) {
    await sleep(DRIP_MS)
    response.write(Buffer.of(1))
  }
  response.end()
}

/** Millions of the smallest blocks there are, which weigh little on the way and much in memory. */
async function flood(response: ServerResponse): Promise<void> {
  response.writeHead(200, { ...CAR, 'content-encoding': 'gzip' }).write(gzipSync(await header()))
  const block = await smallestBlock()
  const chunk = gzipSync(Buffer.concat(Array<Buffer>(Math.floor(CHUNK / block.length)).fill(block)))
  for (let sent = 0; sent < FLOOD_BYTES && !response.destroyed; sent += CHUNK) {
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

/** Lengths are below 128 here, so that one byte says them. */
function prefixed(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(bytes.length), bytes])
}
