// Audits the ledger: compares each character with the sums of its records, of its events in both tables, and with its
// counter, and the boards with everybody. On a ledger in use a character may change while it is read, so a difference is only reported where it is still
// there a moment later.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Did } from '../../atproto/event.ts'
import { NO_DAY } from '../../game/days.ts'
import { describedIn } from '../../game/decide/standings.ts'
import type { Rulebook } from '../../game/rulebook.ts'
import type { Auditor, AuditProgress, AuditResult, Finding } from '../auditor.ts'
import { todayFindings } from '../day-findings.ts'
import { NetworkDay } from '../network-day.ts'
import { isPlace } from '../period-board-audit.ts'
import { SHOWN, visibilityOf, WAITING } from '../visibility.ts'
import { histogramFindings, ON_BOARD } from '../xp-audit.ts'
import { BoardsAudit } from './audit-boards.ts'
import { CqlVersionAudit } from './audit-versions.ts'
import type { Row } from './driver/paging.ts'
import type { Session } from './driver/session.ts'
import { numberOf } from './driver/values.ts'
import type { CqlInbox } from './inbox.ts'
import { eventSums, eventsOfType, recordSums, storedDays } from './reading/person-sums.ts'
import { todayOf } from './reading/status.ts'
import { readStoredCharacter, type StoredCharacter } from './rows/character-row.ts'
import type { RuleVersions } from './rows/rule-versions.ts'
import { RANGES, ranges } from './rows/token-ranges.ts'
import { readShards } from './shards/leases.ts'
import { GATHER_MS } from './writing/counters.ts'

/** Characters that are audited at once. */
const AT_ONCE = 32
/** Characters in one page. */
const PEOPLE_AT_ONCE = 500
const LOOKS_AGAIN = 4
const AGAIN_MS = 500

const RANGE = 'SELECT * FROM characters WHERE token(did) >= ? AND token(did) <= ?'
const ONE = 'SELECT * FROM characters WHERE did = ?'
const HISTOGRAM = 'SELECT experience, characters FROM standings'
const COUNTER = 'SELECT experience FROM characters_experience WHERE did = ?'

/** The name of a finding about a counter, the only one that a crash may lead to. */
export const COUNTER_BEHIND = 'experience counter'

type Sums = {
  characters: number
  records: number
  events: number
  experience: number
  /** How many shown characters have each amount of XP. */
  histogram: Map<number, number>
  introductions: number
  today: NetworkDay
  findings: Finding[]
}

export type CqlAuditorOptions = {
  session: Session
  inbox: CqlInbox
  shards: number
  versions: RuleVersions
}

/** What a person is compared with, as of one moment. */
type Basis = { rules: Pick<Rulebook, 'award'>; boards: BoardsAudit; versions: CqlVersionAudit }

export class CqlAuditor implements Auditor {
  readonly #session: Session
  readonly #inbox: CqlInbox
  readonly #shards: number
  readonly #versions: RuleVersions

  constructor({ session, inbox, shards, versions }: CqlAuditorOptions) {
    this.#session = session
    this.#inbox = inbox
    this.#shards = shards
    this.#versions = versions
  }

  async audit(rules: Pick<Rulebook, 'award'>, progress: (done: AuditProgress) => void): Promise<AuditResult> {
    const before = await this.#version()
    const sums: Sums = {
      characters: 0,
      records: 0,
      events: 0,
      experience: 0,
      histogram: new Map(),
      introductions: 0,
      today: new NetworkDay(0),
      findings: [],
    }
    const basis = await this.#basis(rules)
    const suspects = new Map<Did, Finding[]>()
    for (const [index, [from, to]] of ranges().entries()) {
      for await (const rows of this.#session.pagesForDecision(RANGE, [from, to], PEOPLE_AT_ONCE)) {
        await together(rows, async (row) => {
          const { character, findings } = await this.#look(basis, row)
          add(sums, character)
          if (findings.length > 0) suspects.set(character.state.did, findings)
        })
      }
      progress({ step: 'token ranges', done: index + 1, total: RANGES })
    }
    sums.findings = await this.#lookAgain(rules, suspects)
    // Sums over everybody mean something only where nobody changed meanwhile.
    if ((await this.#version()) === before) await this.#totals(sums, basis.boards)
    const { histogram: _histogram, introductions: _waiting, today: _today, ...result } = sums
    return result
  }

  /** Asks the owners to correct counters that are behind; returns how many there are. */
  async repair({ findings }: AuditResult): Promise<number> {
    const behind = findings.filter(({ what }) => what === COUNTER_BEHIND)
    for (const { did } of behind) {
      if (did !== undefined) await this.#inbox.note({ kind: 'recount', did })
    }
    return behind.length
  }

  /** Drops the findings about characters that only changed while they were read. */
  async #lookAgain(rules: Pick<Rulebook, 'award'>, suspects: Map<Did, Finding[]>): Promise<Finding[]> {
    // Counters of a ledger in use follow a moment later; those that move meanwhile are on their way.
    const isInUse = (await readShards(this.#session)).some(({ until }) => until !== 0)
    const looks = isInUse ? LOOKS_AGAIN + Math.ceil((2 * GATHER_MS) / AGAIN_MS) : LOOKS_AGAIN
    for (let look = 0; look < looks && suspects.size > 0; look++) {
      await sleep(AGAIN_MS)
      const basis = await this.#basis(rules)
      await together([...suspects], async ([did, before]) => {
        // Everything else is written with the batch that it belongs to.
        if (look >= LOOKS_AGAIN && before.some(({ what }) => what !== COUNTER_BEHIND)) return
        const [row] = await this.#session.readForDecision(ONE, [did])
        const { findings } = row === undefined ? { findings: [] } : await this.#look(basis, row)
        const moves = isInUse && findings.every((finding) => isMoving(finding, before))
        if (findings.length === 0 || moves) suspects.delete(did)
        else suspects.set(did, findings)
      })
    }
    return [...suspects.values()].flat()
  }

  async #basis(rules: Pick<Rulebook, 'award'>): Promise<Basis> {
    const [session, shards, versions] = [this.#session, this.#shards, this.#versions]
    return {
      rules,
      boards: await BoardsAudit.read(session, shards),
      versions: await CqlVersionAudit.read({ session, versions, shards, rules }),
    }
  }

  async #look(
    { rules, boards, versions }: Basis,
    row: Row,
  ): Promise<{ character: StoredCharacter; findings: Finding[] }> {
    const character = readStoredCharacter(row)
    const { did, experience, periods, counts, running, earlier, described } = character.state
    const findings: Finding[] = []
    const expect = (what: string, expected: number, actual: number): void => {
      if (expected !== actual) findings.push({ did, what, expected, actual })
    }
    const byVersion = versions.of(character)
    const [records, events, counter, stored] = await Promise.all([
      recordSums(this.#session, { rules, byVersion }, character),
      eventSums(this.#session, byVersion, character),
      this.#session.readForDecision(COUNTER, [did]),
      storedDays(this.#session, did),
    ])
    expect('experience by records', records.xp, experience)
    expect('experience of the week', records.week, periods.week)
    expect('experience of the month', records.month, periods.month)
    expect('records', records.rows, character.records)
    expect(
      'live records',
      records.live,
      [...counts.values()].reduce((sum, n) => sum + n, 0),
    )
    findings.push(...records.days.findings(did, { stored, running, earlier }))
    expect('experience by events', events.xp, experience)
    expect('events', events.rows, character.lastSeq - character.firstSeq + 1)
    for (const [nsid, kind] of character.kinds) {
      const rows = await eventsOfType(this.#session, byVersion, { did, type: nsid, ...kind })
      expect(`events of ${nsid}`, rows, kind.lastSeq - kind.firstSeq + 1)
    }
    findings.push(...byVersion.findings())
    const days = [...stored, running]
    const differences = boards.periodDifferences(character.state, days)
    const misplaced = boards.difference(character.state)
    if (misplaced !== undefined) findings.push({ did, ...misplaced })
    // Where days are wrong themselves, so is what follows from them.
    if (findings.length === 0) {
      expect('described posts of the month', describedIn(days, running.day), described)
      for (const difference of differences) findings.push({ did, ...difference })
    }
    expect(COUNTER_BEHIND, experience, numberOf(counter[0]?.experience))
    return { character, findings }
  }

  async #totals(sums: Sums, boards: BoardsAudit): Promise<void> {
    const totals = await this.#session.readForDecision('SELECT * FROM books', [])
    const sum = (rows: readonly Row[], column: string) =>
      rows.reduce((total, row) => total + numberOf(row[column]), 0)
    const expect = (what: string, expected: number, actual: number): void => {
      if (expected !== actual) sums.findings.push({ did: undefined, what, expected, actual })
    }
    expect('total of records', sums.records, sum(totals, 'records'))
    expect('total of events', sums.events, sum(totals, 'events'))
    expect('total of experience', sums.experience, sum(totals, 'experience'))
    const shown = sums.histogram.values().reduce((total, n) => total + n, 0)
    expect('total of shown characters', shown, sum(totals, 'characters'))
    expect('total of characters that are not introduced', sums.introductions, sum(totals, 'introductions'))
    sums.findings.push(...todayFindings(sums.today, todayOf(totals)))
    sums.findings.push(...histogramFindings(sums.histogram, await this.#histogram()))
    expect('places on the board without a character', 0, boards.strays)
    expect('people without a row on boards of periods', 0, boards.periodStrays)
  }

  async #histogram(): Promise<Map<number, number>> {
    const sums = new Map<number, number>()
    for (const { experience, characters } of await this.#session.readForDecision(HISTOGRAM, [])) {
      const xp = numberOf(experience)
      sums.set(xp, (sums.get(xp) ?? 0) + numberOf(characters))
    }
    return sums
  }

  async #version(): Promise<string> {
    return (await readShards(this.#session))
      .map(({ shard, epoch, seq }) => `${shard}:${epoch}:${seq}`)
      .sort()
      .join()
  }
}

/** Whether a counter or a place on a board, which follow a moment later, has moved since it was found `before`. */
function isMoving({ what, expected, actual }: Finding, before: readonly Finding[]): boolean {
  const was = before.find((finding) => finding.what === what)
  if (what === COUNTER_BEHIND) return was?.actual !== actual
  return (isPlace(what) || what === ON_BOARD) && (was?.actual !== actual || was.expected !== expected)
}

function add(sums: Sums, { state, records, lastSeq, firstSeq }: StoredCharacter): void {
  if (state.born) sums.characters += 1
  const { experience } = state
  if (visibilityOf(state) === SHOWN) sums.histogram.set(experience, (sums.histogram.get(experience) ?? 0) + 1)
  if (visibilityOf(state) === WAITING) sums.introductions += 1
  sums.records += records
  sums.events += lastSeq - firstSeq + 1
  sums.experience += experience
  sums.today.move({ running: NO_DAY }, state)
}

/** Does `work` for each item, `AT_ONCE` at a time. */
async function together<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE)
    await Promise.all(items.slice(at, at + AT_ONCE).map(work))
}
