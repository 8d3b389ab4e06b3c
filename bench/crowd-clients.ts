// A crowd of clients that send the most expensive requests, each from an address of its own, as from behind a proxy on this
// machine: `node bench/crowd-clients.ts <server's URL> <ledger's file> <DID>`. On SIGTERM it prints what it was served.

import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { Did } from '../src/atproto/event.ts'
import { NO_CHANGES, rulebook } from '../src/game/rulebook.ts'
import { Ledger } from '../src/ingest/ledger.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'
import { likeOf } from './crowd.ts'

const STREAMS = 500
/** How long a client listens before it reconnects with an old id. */
const LISTEN_MS = 5_000
const EXPORTS_A_SECOND = 20
const WALKS = 4
/** Events that are folded into the ledger meanwhile. */
const EVENTS_A_SECOND = 100

const [url = '', path = '', large = ''] = process.argv.slice(2)
const end = new AbortController()
const served = {
  'times resumed': 0,
  'streamed MB': 0,
  exports: 0,
  'exports refused': 0,
  'exported MB': 0,
  'pages of boards': 0,
}
let clients = 0

process.once('SIGTERM', () => {
  const counts = Object.entries(served).map(
    ([what, count]) => `${Math.round(count).toLocaleString('en')} ${what}`,
  )
  process.stdout.write(`${counts.join(', ')}\n`, () => process.exit(0))
  end.abort()
})

const rules = rulebook(NO_CHANGES)
await using store = openSqlite({ path, reserve: 0 })
await using writer = await store.write({ fingerprint: rules.fingerprint, purpose: 'keep' })
const game = {
  rules,
  former: undefined,
  followed: new Set(rules.collections),
  baseline: 'off',
  appview: 'none',
} as const
const ledger = new Ledger({ game, writer, folded: () => {} })
const { events } = await store.reader.status()
await Promise.all([
  ...Array.from({ length: STREAMS }, (_, n) => listen(n)),
  ...Array.from({ length: WALKS }, () => walk()),
  exportAll(),
  happen(),
])

/** Requests from a client address that the server has not seen before. */
async function ask(path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const n = clients++
  const address = `198.18.${(n >> 8) & 255}.${n & 255}`
  const request = get(url + path, { agent: false, headers: { 'x-forwarded-for': address, ...headers } })
  const [response] = await once(request, 'response')
  return response
}

async function listen(n: number): Promise<void> {
  await pause((LISTEN_MS * n) / STREAMS)
  for (let turn = 0; !end.signal.aborted; turn++) {
    // Each resumes from another event, all as far back as the server still catches clients up.
    const last = events - 9_000 + ((n * 17 + turn) % 8_000)
    const response = await ask('/v1/stream', { 'last-event-id': String(last) })
    if (response.statusCode === 200) served['times resumed'] += 1
    response.on('data', (piece: Buffer) => {
      served['streamed MB'] += piece.length / 1e6
    })
    await pause(LISTEN_MS)
    response.destroy()
  }
}

async function exportAll(): Promise<void> {
  for (; !end.signal.aborted; await pause(1_000 / EXPORTS_A_SECOND)) {
    void ask(`/v1/characters/${large}/events.csv`).then((response) => {
      if (response.statusCode !== 200) served['exports refused'] += 1
      response.on('data', (piece: Buffer) => {
        served['exported MB'] += piece.length / 1e6
      })
      response.on('end', () => {
        if (response.statusCode === 200) served.exports += 1
      })
    })
  }
}

async function walk(): Promise<void> {
  for (let cursor = ''; !end.signal.aborted; ) {
    const response = await ask(`/v1/leaderboards/all?limit=100${cursor}`)
    let text = ''
    for await (const piece of response) text += piece
    served['pages of boards'] += 1
    const page = JSON.parse(text)
    cursor = page.cursor == null ? '' : `&cursor=${page.cursor}`
  }
}

async function happen(): Promise<void> {
  const batch = EVENTS_A_SECOND / 4
  for (let n = 1_000_000; !end.signal.aborted; n += batch) {
    await ledger.fold(
      Array.from({ length: batch }, (_, i) => likeOf(`did:web:p${(n + i) % 200_000}.example` as Did, n + i)),
      undefined,
    )
    await pause(250)
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
