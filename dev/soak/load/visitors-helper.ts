// Visitors who look people up, open pages and boards, export ledgers and have histories imported, at a steady rate whether or
// not the server keeps up. Each comes from an address of their own.
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Did } from '../../../src/atproto/event.ts'
import { Random } from '../../../src/simulator/random.ts'
import { addressOf } from './addresses.ts'
import { answer } from './helper.ts'
import { Timings } from './timings.ts'
import { visitAt } from './visits.ts'

export type VisitorsSize = {
  /** Look-ups and pages a second. */
  rate: number
  exportEveryMs: number
  importEveryMs: number
}

export type VisitorsCalls = typeof calls

/** Answers by kind of request and status, or what went wrong: "card 200". */
export type Answers = ReadonlyMap<string, number>

/** How an import ended: its state in the API. */
export type Imported = { did: Did; state: string }

const ANSWER_MS = 60_000
const LOOK_MS = 500
const IMPORT_MS = 120_000
/** The first addresses belong to the crowd. */
const FIRST_ADDRESS = 10_000
const ADDRESSES = 20_000

const end = new AbortController()
const agent = new Agent({ keepAlive: true })
const answers = new Map<string, number>()
const imports: Imported[] = []
const open = new Set<Promise<unknown>>()
let timings = new Timings(Date.now())
let base = ''
let visitors = 0

const calls = {
  /** Has visitors come until `finish`. */
  async come({
    url,
    steady,
    quiet,
    seed,
    size,
    beganMs,
  }: {
    url: string
    steady: readonly Did[]
    quiet: readonly Did[]
    seed: number
    size: VisitorsSize
    beganMs: number
  }) {
    const random = new Random(seed)
    base = url
    timings = new Timings(beganMs)
    // The first people act the most, and are looked up the most.
    const somebody = (): Did => steady[Math.floor(steady.length * random.next() ** 2)] as Did
    const left = [...quiet]
    every(1_000 / size.rate, () => {
      const { kind, path } = visitAt(random.next())
      return ask(kind, path(somebody(), random))
    })
    every(size.exportEveryMs, () => {
      const format = random.pick(['csv', 'jsonl'])
      return ask('export', `/v1/characters/${somebody()}/events.${format}`)
    })
    every(size.importEveryMs, async () => {
      const did = left.shift()
      if (did !== undefined) imports.push({ did, state: await importOf(did) })
    })
  },

  /** Waits for the last answers; returns how long answers took, and what they were. */
  async finish() {
    end.abort()
    await Promise.all(open)
    agent.destroy()
    return { timings: timings.list, answers: answers as Answers, imports }
  },
}

answer(calls)

/** Calls `act` every so many milliseconds until the end, and does not wait for it. */
function every(ms: number, act: () => Promise<unknown>): void {
  const began = performance.now()
  let acted = 0
  const timer = setInterval(
    () => {
      for (; acted < Math.floor((performance.now() - began) / ms); acted++) {
        const acting = act()
        open.add(acting)
        void acting.finally(() => open.delete(acting))
      }
    },
    Math.min(ms, LOOK_MS),
  )
  end.signal.addEventListener('abort', () => clearInterval(timer))
}

/** Sends a request, and notes its answer's status and how long it took until it had all come. */
async function ask(kind: string, path: string, method = 'GET'): Promise<string> {
  const began = performance.now()
  const n = FIRST_ADDRESS + (visitors++ % ADDRESSES)
  let text = ''
  let status = 'no answer'
  try {
    const headers = { 'x-forwarded-for': addressOf(n) }
    const asked = request(base + path, { agent, method, headers, timeout: ANSWER_MS })
    asked.once('timeout', () => asked.destroy(new Error('timeout')))
    asked.end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    for await (const piece of response) if (kind === 'import') text += piece
    status = String(response.statusCode)
  } catch (error) {
    status = error instanceof Error ? error.message : String(error)
  }
  timings.add(kind, performance.now() - began)
  const what = `${kind} ${status}`
  answers.set(what, (answers.get(what) ?? 0) + 1)
  return text
}

/** Has somebody's history imported, and looks until that has ended. */
async function importOf(did: Did): Promise<string> {
  const path = `/v1/characters/${did}/import`
  await ask('import', path, 'POST')
  for (const until = performance.now() + IMPORT_MS; performance.now() < until; ) {
    await sleep(LOOK_MS)
    const { state } = JSON.parse((await ask('import', path)) || '{}') as { state?: string }
    if (state !== undefined && state !== 'queued' && state !== 'running') return state
  }
  return 'not ended'
}
