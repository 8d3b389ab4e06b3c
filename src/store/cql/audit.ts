// Adds up the books: for everybody, records against the character, events against it by both tables, and the counter. On a
// ledger in use, somebody may change while they are looked at, so that nothing is reported that is not so when looked at
// again a moment later.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Did } from '../../atproto/event.ts'
import { BASELINE } from '../../game/baseline.ts'
import { earned, NO_PERIODS } from '../../game/periods.ts'
import type { Auditor, AuditProgress, AuditResult, Finding } from '../store.ts'
import { SHOWN, visibilityOf, WAITING } from '../visibility.ts'
import type { Row } from './driver/paging.ts'
import type { Session } from './driver/session.ts'
import { numberOf } from './driver/values.ts'
import type { CqlInbox } from './inbox.ts'
import { allRecordBuckets, eventBucket } from './rows/buckets.ts'
import { type Held, readHeld } from './rows/character-row.ts'
import { readShards } from './shards/leases.ts'
import { GATHER_MS } from './writing/counters.ts'

/** Pieces of the ring that are looked at one after the other, and people at once. */
const RANGES = 64
const AT_ONCE = 32
/** Characters that are looked at together. */
const PEOPLE_AT_ONCE = 500
const LOOKS_AGAIN = 4
const AGAIN_MS = 500

const RANGE = 'SELECT * FROM characters WHERE token(did) >= ? AND token(did) <= ?'
const ONE = 'SELECT * FROM characters WHERE did = ?'
const RECORDS = 'SELECT collection, live, xp, at FROM records WHERE did = ? AND bucket = ?'
const EVENTS = 'SELECT delta, leveling FROM events WHERE did = ? AND bucket = ?'
const EVENTS_BY_TYPE = 'SELECT delta FROM events_by_type WHERE did = ? AND type = ? AND bucket = ?'
const COUNTER = 'SELECT experience FROM characters_experience WHERE did = ?'

/** What a finding about a counter is called: only those a crash may leave. */
export const COUNTER_BEHIND = 'experience counter'

type Sums = {
  characters: number
  records: number
  events: number
  experience: number
  shown: number
  introductions: number
  findings: Finding[]
}

export class CqlAuditor implements Auditor {
  readonly #session: Session
  readonly #inbox: CqlInbox

  constructor(session: Session, inbox: CqlInbox) {
    this.#session = session
    this.#inbox = inbox
  }

  async audit(progress: (done: AuditProgress) => void): Promise<AuditResult> {
    const before = await this.#version()
    const sums: Sums = {
      characters: 0,
      records: 0,
      events: 0,
      experience: 0,
      shown: 0,
      introductions: 0,
      findings: [],
    }
    const suspects = new Map<Did, Finding[]>()
    for (const [index, [from, to]] of ranges().entries()) {
      for await (const rows of this.#session.pagesForDecision(RANGE, [from, to], PEOPLE_AT_ONCE)) {
        await together(rows, async (row) => {
          const { held, findings } = await this.#look(row)
          add(sums, held)
          if (findings.length > 0) suspects.set(held.state.did, findings)
        })
      }
      progress({ step: 'token ranges', done: index + 1, total: RANGES })
    }
    sums.findings = await this.#lookAgain(suspects)
    // Sums over everybody mean something only where nobody changed meanwhile.
    if ((await this.#version()) === before) await this.#totals(sums)
    const { shown: _, ...result } = sums
    return result
  }

  /** Has counters that are behind moved on by whoever owns them; returns how many there are. */
  async repair({ findings }: AuditResult): Promise<number> {
    const behind = findings.filter(({ what }) => what === COUNTER_BEHIND)
    for (const { did } of behind) {
      if (did !== undefined) await this.#inbox.note({ kind: 'recount', did })
    }
    return behind.length
  }

  /** Whoever changed while they were looked at adds up a moment later. */
  async #lookAgain(suspects: Map<Did, Finding[]>): Promise<Finding[]> {
    // Counters of a ledger in use follow a moment later; those that move meanwhile are on their way.
    const isInUse = (await readShards(this.#session)).some(({ until }) => until !== 0)
    const looks = isInUse ? LOOKS_AGAIN + Math.ceil((2 * GATHER_MS) / AGAIN_MS) : LOOKS_AGAIN
    for (let look = 0; look < looks && suspects.size > 0; look++) {
      await sleep(AGAIN_MS)
      await together([...suspects], async ([did, before]) => {
        // Everything else is written with the batch that it belongs to.
        if (look >= LOOKS_AGAIN && before.some(({ what }) => what !== COUNTER_BEHIND)) return
        const [row] = await this.#session.readForDecision(ONE, [did])
        const { findings } = row === undefined ? { findings: [] } : await this.#look(row)
        const moves = isInUse && isCounterAlone(before) && findings[0]?.actual !== before[0]?.actual
        if (findings.length === 0 || moves) suspects.delete(did)
        else suspects.set(did, findings)
      })
    }
    return [...suspects.values()].flat()
  }

  async #look(row: Row): Promise<{ held: Held; findings: Finding[] }> {
    const held = readHeld(row)
    const { did, experience, periods, counts } = held.state
    const findings: Finding[] = []
    const expect = (what: string, expected: number, actual: number): void => {
      if (expected !== actual) findings.push({ did, what, expected, actual })
    }
    const [records, events, counter] = await Promise.all([
      this.#records(held),
      this.#events(held),
      this.#session.readForDecision(COUNTER, [did]),
    ])
    expect('experience by records', records.xp, experience)
    expect('experience of the week', records.week, periods.week)
    expect('experience of the month', records.month, periods.month)
    expect('records', records.rows, held.records)
    expect(
      'live records',
      records.live,
      [...counts.values()].reduce((sum, n) => sum + n, 0),
    )
    expect('experience by events', events.xp, experience)
    expect('events', events.rows, held.lastSeq - held.firstSeq + 1)
    for (const [nsid, kind] of held.kinds) {
      const rows = await this.#eventsOfType(did, nsid, kind.firstSeq, kind.lastSeq)
      expect(`events of ${nsid}`, rows, kind.lastSeq - kind.firstSeq + 1)
    }
    expect(COUNTER_BEHIND, experience, numberOf(counter[0]?.experience))
    return { held, findings }
  }

  async #records({ state, records }: Held) {
    const sums = { rows: 0, live: 0, xp: 0, week: 0, month: 0 }
    await Promise.all(
      allRecordBuckets(records).map(async (bucket) => {
        for await (const rows of this.#session.pagesForDecision(RECORDS, [state.did, bucket])) {
          for (const { collection, live, xp, at } of rows) {
            sums.rows += 1
            sums.live += Number(live)
            sums.xp += numberOf(xp)
            if (collection === BASELINE || numberOf(xp) === 0) continue
            const { week, month } = earned(
              { ...NO_PERIODS, day: state.periods.day },
              numberOf(at),
              numberOf(xp),
            )
            sums.week += week
            sums.month += month
          }
        }
      }),
    )
    return sums
  }

  /** What is no longer kept is in what the oldest that is kept began with. */
  async #events({ state, firstSeq, lastSeq }: Held): Promise<{ rows: number; xp: number }> {
    if (lastSeq < firstSeq) return { rows: 0, xp: state.experience }
    const sums = { rows: 0, xp: 0 }
    let oldest: Row | undefined
    for (let bucket = eventBucket(lastSeq); bucket >= eventBucket(firstSeq); bucket--) {
      for await (const rows of this.#session.pagesForDecision(EVENTS, [state.did, bucket])) {
        for (const row of rows) {
          sums.rows += 1
          sums.xp += numberOf(row.delta)
          oldest = row
        }
      }
    }
    const after = numberOf((oldest?.leveling as { experience: unknown } | undefined)?.experience)
    // In this order: what is between must not be greater than numbers are exact for.
    return { rows: sums.rows, xp: sums.xp + (after - numberOf(oldest?.delta)) }
  }

  async #eventsOfType(did: Did, type: string, first: number, last: number): Promise<number> {
    let count = 0
    if (last < first) return 0
    for (let bucket = eventBucket(first); bucket <= eventBucket(last); bucket++) {
      for await (const rows of this.#session.pagesForDecision(EVENTS_BY_TYPE, [did, type, bucket]))
        count += rows.length
    }
    return count
  }

  async #totals(sums: Sums): Promise<void> {
    const books = await this.#session.readForDecision('SELECT * FROM books', [])
    const standings = await this.#session.readForDecision(
      'SELECT shard, experience, characters FROM standings',
      [],
    )
    const sum = (rows: readonly Row[], column: string) =>
      rows.reduce((total, row) => total + numberOf(row[column]), 0)
    const expect = (what: string, expected: number, actual: number): void => {
      if (expected !== actual) sums.findings.push({ did: undefined, what, expected, actual })
    }
    expect('total of records', sums.records, sum(books, 'records'))
    expect('total of events', sums.events, sum(books, 'events'))
    expect('total of experience', sums.experience, sum(books, 'experience'))
    expect('total of shown characters', sums.shown, sum(books, 'characters'))
    expect('total of characters that are not introduced', sums.introductions, sum(books, 'introductions'))
    expect('characters in the standings', sums.shown, sum(standings, 'characters'))
  }

  async #version(): Promise<string> {
    return (await readShards(this.#session))
      .map(({ shard, epoch, seq }) => `${shard}:${epoch}:${seq}`)
      .sort()
      .join()
  }
}

function isCounterAlone(findings: readonly Finding[]): boolean {
  return findings.every(({ what }) => what === COUNTER_BEHIND)
}

function add(sums: Sums, { state, records, lastSeq, firstSeq }: Held): void {
  if (state.born) sums.characters += 1
  if (visibilityOf(state) === SHOWN) sums.shown += 1
  if (visibilityOf(state) === WAITING) sums.introductions += 1
  sums.records += records
  sums.events += lastSeq - firstSeq + 1
  sums.experience += state.experience
}

/** Does `work` for each, some at a time. */
async function together<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE)
    await Promise.all(items.slice(at, at + AT_ONCE).map(work))
}

/** The whole ring of tokens, in equal pieces. */
function ranges(): [string, string][] {
  const least = -(2n ** 63n)
  const step = 2n ** 64n / BigInt(RANGES)
  return Array.from({ length: RANGES }, (_, n): [string, string] => {
    const from = least + BigInt(n) * step
    const to = n === RANGES - 1 ? 2n ** 63n - 1n : from + step - 1n
    return [String(from), String(to)]
  })
}
