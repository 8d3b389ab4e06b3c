// What other rules would change, without changing anything.
import type { Did } from '@atcute/lexicons/syntax'
import { decide } from '../game/decide.ts'
import type { Game } from '../game/game.ts'
import { leveling } from '../game/levels.ts'
import type { Operation } from '../game/operation.ts'
import { type RuleChange, ruleChange, scopeOf } from '../game/rule-versions.ts'
import type { Rulebook } from '../game/rulebook.ts'
import { touched } from '../game/touched.ts'
import type { Survey, SurveyedPerson } from '../store/rules.ts'

const PEOPLE_AT_ONCE = 2_000
/** Records of people whom a change of caps concerns, read at once. */
const RECORDS_AT_ONCE = 5_000
/** People listed with the greatest gains, and with the greatest losses. */
const MAX_MOVERS = 10
/** Where the classes of gains and losses begin. */
const BOUNDS = [1, 10, 100, 1_000, 10_000] as const

export type Mover = { did: Did; before: number; after: number }

export type Preview = {
  people: number
  /** Whose records had to be read, for the sake of caps. */
  read: number
  /** How many people gain or lose this much, from the greatest loss to the greatest gain; 0 is those who keep what they have. */
  classes: { from: number; people: number }[]
  levels: { up: number; down: number; most: number; least: number }
  /** How many people get another title, by that title. */
  titles: ReadonlyMap<string, number>
  experience: { before: number; after: number }
  /** Of those who are shown, since the others are named nowhere. */
  up: Mover[]
  down: Mover[]
}

export type PreviewOptions = {
  survey: Survey
  /** The game by the rules to be tried. */
  game: Game
  /** The rules in force; `undefined` where this program has no such rules, and all records have to be read. */
  from: Rulebook | undefined
  progress: (people: number) => void
  signal: AbortSignal
}

/** Works out for everybody what `game.rules` would make of them. */
export async function preview({ survey, game, from, progress, signal }: PreviewOptions): Promise<Preview> {
  const tally = new Tally(from ?? game.rules, game.rules)
  const change = from && ruleChange(from, game.rules)
  for (let after: Did | undefined; ; ) {
    signal.throwIfAborted()
    const people = await survey.people(after, PEOPLE_AT_ONCE)
    if (people.length === 0) return tally.result()
    const unread: SurveyedPerson[] = []
    for (const person of people) {
      const gain = change && gainOf(change, person, { from, to: game.rules })
      if (gain === undefined) unread.push(person)
      else tally.add(person, person.experience + gain)
    }
    for (const some of inPieces(unread)) await judge(some, { survey, game, tally })
    after = people.at(-1)?.did
    progress(tally.people)
  }
}

/** What the tally of somebody's records says that they gain; `undefined` where it cannot say it. */
function gainOf(
  change: RuleChange,
  { judged }: SurveyedPerson,
  { from, to }: { from: Rulebook | undefined; to: Rulebook },
): number | undefined {
  const scope = scopeOf(change, judged)
  if (scope === 'none') return 0
  if (scope === 'whole') return undefined
  let gain = 0
  for (const [reason] of change.reasons) {
    gain += (judged.tally.get(reason) ?? 0) * ((to.points[reason] ?? 0) - (from?.points[reason] ?? 0))
  }
  return gain
}

async function judge(
  people: readonly SurveyedPerson[],
  { survey, game, tally }: { survey: Survey; game: Game; tally: Tally },
): Promise<void> {
  const operations = people.map(({ did }): Operation => ({ kind: 'recompute', did, at: 0 }))
  const { actors } = decide(game, await survey.load(touched(game, operations)), operations)
  tally.read += people.length
  for (const person of people) {
    tally.add(person, actors.get(person.did)?.actor.experience ?? person.experience)
  }
}

function* inPieces(people: readonly SurveyedPerson[]): Generator<SurveyedPerson[]> {
  let piece: SurveyedPerson[] = []
  let records = 0
  for (const person of people) {
    piece.push(person)
    records += person.records
    if (records < RECORDS_AT_ONCE) continue
    yield piece
    piece = []
    records = 0
  }
  if (piece.length > 0) yield piece
}

class Tally {
  readonly #from: Rulebook
  readonly #to: Rulebook
  readonly #classes = new Map<number, number>()
  readonly #titles = new Map<string, number>()
  readonly #levels = { up: 0, down: 0, most: 0, least: 0 }
  readonly #experience = { before: 0, after: 0 }
  #up: Mover[] = []
  #down: Mover[] = []
  people = 0
  read = 0

  constructor(from: Rulebook, to: Rulebook) {
    this.#from = from
    this.#to = to
  }

  add({ did, experience: before, isShown }: SurveyedPerson, after: number): void {
    const gain = after - before
    this.people += 1
    this.#experience.before += before
    this.#experience.after += after
    const from = classOf(gain)
    this.#classes.set(from, (this.#classes.get(from) ?? 0) + 1)
    const [level, next] = [leveling(before, 0).level, leveling(after, 0).level]
    const step = next - level
    if (step > 0) this.#levels.up += 1
    if (step < 0) this.#levels.down += 1
    this.#levels.most = Math.max(this.#levels.most, step)
    this.#levels.least = Math.min(this.#levels.least, step)
    const title = this.#to.title(next)
    if (title !== this.#from.title(level)) this.#titles.set(title, (this.#titles.get(title) ?? 0) + 1)
    if (!isShown || gain === 0) return
    if (gain > 0) this.#up = top([...this.#up, { did, before, after }], 1)
    else this.#down = top([...this.#down, { did, before, after }], -1)
  }

  result(): Preview {
    const classes = [...this.#classes].map(([from, people]) => ({ from, people }))
    return {
      people: this.people,
      read: this.read,
      classes: classes.sort((a, b) => a.from - b.from),
      levels: this.#levels,
      titles: this.#titles,
      experience: this.#experience,
      up: this.#up,
      down: this.#down,
    }
  }
}

/** The bound of the class of a gain that is nearest to 0; losses have negative ones. */
function classOf(gain: number): number {
  const bound = BOUNDS.findLast((from) => Math.abs(gain) >= from) ?? 0
  return gain < 0 ? 0 - bound : bound
}

/** The movers with the greatest gains, or with `sign` -1 losses. */
function top(movers: readonly Mover[], sign: 1 | -1): Mover[] {
  return movers.toSorted((a, b) => sign * (b.after - b.before - (a.after - a.before))).slice(0, MAX_MOVERS)
}
