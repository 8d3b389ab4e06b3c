// Moves everybody to the newest version of the rules, some people at a time, while the stream goes on.
import type { Did, Micros } from '../atproto/event.ts'
import { decide } from '../game/decide.ts'
import type { Game } from '../game/game.ts'
import type { Move } from '../game/operation.ts'
import { type RuleChange, ruleChange, scopeOf } from '../game/rule-versions.ts'
import type { Changes } from '../game/state.ts'
import { touched } from '../game/touched.ts'
import type { MovePlace, UnmovedPerson } from '../store/rules.ts'
import type { Writer } from '../store/store.ts'

/**
 * People looked at in one step, and records awarded again: few enough that the stream waits some hundredths of a second.
 * Somebody whom the change does not touch costs a few microseconds.
 */
const STEP: StepLimits = { people: 5_000, records: 1_000 }

export type StepLimits = { people: number; records: number }

/** One step of a move, and what it changed; `undefined` where nobody was left, which ends the move. */
export type MoveStep = { operations: readonly Move[]; changes: Changes }

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
  const chosen = choose(people, { change, at, limit: limits.records })
  const known = await writer.load(touched(game, chosen.operations))
  const { operations, place } = cut(chosen, (did) => known.part(did).next)
  const changes = decide(game, known, operations)
  await writer.commitMoved(changes, place)
  return { operations, changes }
}

type Chosen = { operations: Move[]; visited: Did[] }

/** As many people as have about `limit` records to be looked at. */
function choose(
  people: readonly UnmovedPerson[],
  { change, at, limit }: { change: RuleChange; at: Micros; limit: number },
): Chosen {
  const collections = [...new Set(change.reasons.values())]
  const operations: Move[] = []
  const visited: Did[] = []
  let records = 0
  for (const { did, judged, from, records: own } of people) {
    const scope = from === undefined ? scopeOf(change, judged) : 'part'
    if (scope !== 'none') {
      records += own
      if (operations.length > 0 && records > limit) break
      const part = { collections, from, limit }
      operations.push({ kind: 'move', did, at, scope: scope === 'whole' ? 'whole' : part })
    }
    visited.push(did)
  }
  return { operations, visited }
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
