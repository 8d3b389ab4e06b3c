import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { now as tidNow } from '@atcute/tid'
import { fastify } from 'fastify'
import type { App } from '../src/api/app.ts'
import type { Did, Nsid, StreamEvent } from '../src/atproto/event.ts'
import { NO_CHANGES, rulebook } from '../src/game/rulebook.ts'
import { Ledger } from '../src/ingest/ledger.ts'
import { Network } from '../src/simulator/network.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'
import { appOver } from './app-over.ts'
import { median } from './median.ts'
import type { Row } from './table.ts'

const RECORDS = 100_000
/** Other people, so that boards and ranks are not empty. */
const OTHERS = 20_000
const WARM = 300
const MEASURED = 400
const DAY_MS = 86_400_000
const BUSY = 'did:plc:busybusybusybusybusybusy' as Did

/** The pages of a character with 100,000 records, beside a bare Fastify route that sends as many bytes. */
export async function benchPages(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-bench-'))
  try {
    await using store = openSqlite({ path: join(folder, 'ledger.db'), reserve: 0 })
    await fill(store)
    const app = await appOver(store, { invalidated: true, crowd: false })
    const rows: Row[] = []
    for (const [name, path] of [
      ['sheet', `/@${BUSY}`],
      ['sheet, filtered', `/@${BUSY}?type=app.bsky.feed.post`],
      ['first page', '/'],
      ['board of the week', '/boards/week'],
      ['rules', '/rules'],
    ] as const) {
      rows.push(await measure(name, app, path))
    }
    await app.close()
    return rows
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(name: string, app: App, path: string): Promise<Row> {
  const { body } = await app.inject(path)
  const bare = fastify()
  bare.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(body))
  const own: number[] = []
  const theirs: number[] = []
  // In turn, so that both have the same share of a busy machine.
  for (let n = 0; n < WARM + MEASURED; n++) {
    const [ours, plain] = [await timed(app as never, path), await timed(bare as never, '/')]
    if (n < WARM) continue
    own.push(ours)
    theirs.push(plain)
  }
  const late = own.toSorted((a, b) => a - b)[Math.floor(own.length * 0.99)] ?? 0
  return {
    name: `${name}: server time`,
    value: `${median(own).toFixed(1)} ms`,
    note: `p99 ${late.toFixed(1)} ms; a bare route with as many bytes ${median(theirs).toFixed(2)} ms; ${await weight(app, path)}`,
  }
}

async function timed(app: App, url: string): Promise<number> {
  const since = performance.now()
  await app.inject(url)
  return performance.now() - since
}

/** What a browser loads for a page the first time, as it is sent: the page, and its style sheets, scripts and fonts. */
async function weight(app: App, path: string): Promise<string> {
  const get = async (url: string) => app.inject({ url, headers: { 'accept-encoding': 'br, gzip' } })
  const page = await get(path)
  const { body } = await app.inject(path)
  const assets = new Set([...body.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, address = '']) => address))
  let bytes = page.rawPayload.length
  for (const address of assets) bytes += (await get(address)).rawPayload.length
  const kilobytes = (n: number) => `${(n / 1_000).toFixed(1)} KB`
  return `${kilobytes(page.rawPayload.length)} compressed, ${kilobytes(bytes)} with styles, scripts and font`
}

async function fill(store: ReturnType<typeof openSqlite>): Promise<void> {
  const rules = rulebook(NO_CHANGES)
  await using writer = await store.write({ fingerprint: rules.fingerprint, purpose: 'keep' })
  const ledger = new Ledger({
    game: {
      rules,
      former: undefined,
      followed: new Set(rules.collections),
      baseline: 'off',
      appview: 'none',
    },
    writer,
    folded: () => {},
  })
  const start = Date.now() - 360 * DAY_MS
  const step = (360 * DAY_MS) / RECORDS
  let batch: StreamEvent[] = []
  for (let n = 0; n < RECORDS; n++) {
    batch.push(record(n, Math.floor((start + n * step) * 1_000)))
    if (batch.length === 5_000) {
      await ledger.fold(batch, undefined)
      batch = []
    }
  }
  const network = new Network({
    seed: 1,
    actors: OTHERS,
    start: (Date.now() - DAY_MS) * 1_000,
    step: 1_000,
    mix: 'feed',
  })
  for (let at = 0; at < OTHERS; at += 5_000) {
    await ledger.fold(
      network.people.slice(at, at + 5_000).flatMap((person) => network.first(person)),
      undefined,
    )
  }
}

/** Seven likes, two posts of which one shows a picture, one repost, and so on. */
function record(n: number, at: number): StreamEvent {
  const rkey = tidNow()
  const collection = (
    n % 10 < 7 ? 'app.bsky.feed.like' : n % 10 < 9 ? 'app.bsky.feed.post' : 'app.bsky.feed.repost'
  ) as Nsid
  const subject = { uri: `at://${BUSY}/app.bsky.feed.generator/x`, cid: 'x' }
  const embed =
    n % 10 === 8
      ? { $type: 'app.bsky.embed.images', images: [{ alt: n % 20 === 8 ? '' : 'A cat' }] }
      : undefined
  return {
    kind: 'commit',
    did: BUSY,
    at,
    rev: rkey,
    op: 'create',
    collection,
    rkey,
    record: { subject, embed },
  }
}
