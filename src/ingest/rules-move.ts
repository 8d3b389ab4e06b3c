// Moves everybody to the newest version of the rules, some people at a time, while the stream goes on.
import type { Did, Micros, Nsid } from '../atproto/event.ts'
import { isWholePart } from '../game/decide/recompute.ts'
import { decide } from '../game/decide.ts'
import type { Game } from '../game/game.ts'
import type { Move, RecordsPart } from '../game/operation.ts'
import { type RuleChange, ruleChange, scopeOf } from '../game/rule-versions.ts'
import { type Changes, noChanges } from '../game/state.ts'
import { ALL_DAYS, type DaySpan } from '../game/time.ts'
import { touched } from '../game/touched.ts'
import { dayPlace, isDayPlace } from '../store/day-index.ts'
import type { MovePlace, UnmovedPerson } from '../store/rules.ts'
import type { Writer } from '../store/store.ts'

/**
 * People looked at in one step, and records awarded again: few enough that the stream waits some hundredths of a second.
 * Somebody whom the change does not touch costs a few microseconds.
 */
const STEP: StepLimits = { people: 5_000, records: 1_000 }
/** So much cheaper it is to read on which day a record counts than to award it. */
const DAYS_READ = 5

export type StepLimits = { people: number; records: number }

/**
 * One step of a move, and what it changed; `undefined` where nobody was left, which ends the move. `days` are those of which it
 * has awarded everything, where a person is moved by day.
 */
export type MoveStep = { operations: readonly Move[]; changes: Changes; days: Readonly<DaySpan> | undefined }

/** What a step goes by: the change of the rules, and what it takes to find the records that are concerned. */
type Parts = {
  change: RuleChange
  /** The collections of records that are worth something else now, and those that have a daily cap before or after. */
  changed: readonly Nsid[]
  capped: readonly Nsid[]
  at: Micros
  limit: number
}

/** Moves the next people to the newest rules, and commits that. */
export async function moveSome(
  game: Game,
  writer: Writer,
  at: Micros,
  limits: StepLimits = STEP,
): Promise<MoveStep | undefined> {
  const { rules, former } = game
  if (former === undefined) return undefined
  const change = ruleChange(former, rules)
  // Where only titles differ, nobody has to be visited.
  const people = isEmpty(change) ? [] : await writer.unmoved(limits.people)
  if (people.length === 0) {
    await writer.endMove()
    return undefined
  }
  const changed = [...new Set(change.reasons.values())]
  const capped = [...new Set([...Object.keys(former.caps), ...Object.keys(rules.caps)])] as Nsid[]
  const chosen = choose(people, { change, changed, capped, at, limit: limits.records })
  const [first] = chosen.operations
  if (first !== undefined && first.scope !== 'whole' && first.scope.by === 'day')
    return moveByDay(game, writer, { did: first.did, part: first.scope, chosen })
  const known = await writer.load(touched(game, chosen.operations))
  const { operations, place } = cut(chosen, (did) => known.part(did).next)
  const changes = decide(game, known, operations)
  await writer.commitMoved(changes, place)
  return { operations, changes, days: undefined }
}

/**
 * Moves somebody, who comes first, some days further. The first step only notes that the newest rules award them from now on, so
 * that it is their turn until they are done; the next ones only read which days there are.
 */
async function moveByDay(
  game: Game,
  writer: Writer,
  { did, part, chosen: { operations, visited } }: { did: Did; part: RecordsPart; chosen: Chosen },
): Promise<MoveStep> {
  const { from: begun = dayPlace(ALL_DAYS.last), limit } = part
  if (part.from !== undefined && !(await writer.indexDays(did, { ...part, limit: limit * DAYS_READ })))
    return { operations: [], changes: noChanges(), days: undefined }
  const own = operations.slice(0, 1)
  const known = await writer.load(touched(game, own))
  const { days, next } = known.part(did)
  const changes = decide(game, known, own)
  const isDone = days !== undefined && isWholePart(changes.actors.get(did)?.records.size ?? 0, limit)
  const from = isDone ? next : begun
  const after = visited[visited.indexOf(did) - 1]
  await writer.commitMoved(
    changes,
    from === undefined ? { after: did, part: undefined } : { after, part: { did, from } },
  )
  return { operations: own, changes, days: isDone ? days : undefined }
}

type Chosen = { operations: Move[]; visited: Did[] }

/** As many people as have about `limit` records to be looked at. Somebody who is moved by day comes alone. */
function choose(people: readonly UnmovedPerson[], parts: Parts): Chosen {
  const { at, limit } = parts
  const operations: Move[] = []
  const visited: Did[] = []
  let records = 0
  for (const person of people) {
    const { scope, size } = scopeFor(person, parts)
    if (scope !== 'none') {
      records += size
      if (operations.length > 0 && records > limit) break
      operations.push({ kind: 'move', did: person.did, at, scope })
    }
    visited.push(person.did)
  }
  return { operations, visited }
}

/** Which of a person's records a step awards again, and about how many it reads for that. */
function scopeFor(
  { judged, from, records, count }: UnmovedPerson,
  { change, changed, capped, limit }: Parts,
): { scope: Move['scope'] | 'none'; size: number } {
  const byDay = { by: 'day', collections: [...new Set([...changed, ...capped])], from, limit } as const
  const byKey = { by: 'key', collections: changed, from, limit } as const
  if (from !== undefined) return { scope: isDayPlace(from) ? byDay : byKey, size: limit }
  const scope = scopeOf(change, judged)
  if (scope === 'none') return { scope, size: 0 }
  if (scope !== 'whole') return { scope: byKey, size: records }
  // Caps count deleted records, too, of which somebody may have very many.
  const size = count(limit + 1)
  return { scope: size > limit ? byDay : 'whole', size }
}

/** Ends the step with the first person of whom more records are left, and says how far it comes. */
function cut(
  { operations, visited }: Chosen,
  nextOf: (did: Did) => string | undefined,
): { operations: Move[]; place: MovePlace } {
  for (const [index, { did, scope }] of operations.entries()) {
    const from = scope === 'whole' ? undefined : nextOf(did)
    if (from === undefined) continue
    const after = visited[visited.indexOf(did) - 1]
    return { operations: operations.slice(0, index + 1), place: { after, part: { did, from } } }
  }
  return { operations, place: { after: visited.at(-1), part: undefined } }
}

function isEmpty({ reasons, capped }: RuleChange): boolean {
  return reasons.size === 0 && capped.size === 0
}
