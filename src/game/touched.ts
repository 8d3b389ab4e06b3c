import type { Did, Handle } from '@atcute/lexicons/syntax'
import type { Micros } from '../atproto/event.ts'
import { isObject } from '../atproto/json.ts'
import { PROFILE } from '../atproto/profile.ts'
import type { RecordId } from '../atproto/uri.ts'
import { baselineOf } from './baseline.ts'
import type { Game } from './game.ts'
import type { Operation, RecordsPart } from './operation.ts'
import { type Day, dayOf, secondsOf } from './time.ts'

/** Everything that `decide` may read, for a store to load beforehand. */
export type Touched = {
  actors: Set<Did>
  records: RecordId[]
  /** People of whom all records, tombstones included, all grants and all days are needed. */
  whole: Set<Did>
  /** Parts of people's records that are needed, of parts by day with the grants of those days. */
  parts: Map<Did, RecordsPart>
  /**
   * People whose grants are needed: on these days, and on the days on which their loaded records were first witnessed.
   * Empty while there are no caps.
   */
  grants: Map<Did, Set<Day>>
  /**
   * By a day on which they have an operation, people of whom earlier days than the running one are needed: that day and
   * those on which their loaded records count, each with all others of its ISO week and month.
   */
  days: Map<Day, Set<Did>>
  /** People of whom all days are needed, since it may change whether they are shown. */
  allDays: Set<Did>
  /** Handles whose present owner is needed. */
  handles: Set<Handle>
}

/** Nothing at first; for callers who know what they need. */
export function nothingTouched(): Touched {
  return {
    actors: new Set(),
    records: [],
    whole: new Set(),
    parts: new Map(),
    grants: new Map(),
    days: new Map(),
    allDays: new Set(),
    handles: new Set(),
  }
}

/** Lists what `operations` may read or change. Records may be listed twice. */
export function touched(game: Game, operations: Iterable<Operation>): Touched {
  const all = nothingTouched()
  for (const operation of operations) {
    all.actors.add(operation.did)
    switch (operation.kind) {
      case 'commit': {
        if (operation.collection === PROFILE) all.allDays.add(operation.did)
        if (!game.followed.has(operation.collection)) break
        all.records.push(operation)
        noteDay(all, operation)
        noteCap(game, all, operation)
        const subject = isObject(operation.record)
          ? game.rules.assess(operation.collection, operation.record)?.subject
          : undefined
        if (subject !== undefined) {
          all.actors.add(subject.did)
          all.records.push(subject)
        }
        break
      }
      case 'subject-answer':
        all.actors.add(operation.subject.did)
        all.records.push(operation, operation.subject)
        noteDay(all, operation)
        noteCap(game, all, operation)
        break
      case 'no-answer':
        if (operation.question.kind === 'profile') all.allDays.add(operation.did)
        if (operation.question.kind !== 'subject') break
        all.actors.add(operation.question.subject.did)
        all.records.push(operation.question, operation.question.subject)
        noteDay(all, operation)
        noteCap(game, all, { ...operation.question, at: operation.at })
        break
      case 'profile-answer':
        all.allDays.add(operation.did)
        if (operation.profile?.handle !== undefined) all.handles.add(operation.profile.handle)
        if (game.baseline === 'posts') all.records.push(baselineOf(operation.did))
        break
      case 'recompute':
        all.whole.add(operation.did)
        break
      case 'absent':
        all.allDays.add(operation.did)
        all.records.push(...operation.records)
        break
      case 'import-records':
        all.allDays.add(operation.did)
        all.records.push(baselineOf(operation.did))
        for (const { collection, rkey, facts } of operation.records) {
          all.records.push({ did: operation.did, collection, rkey })
          if (game.rules.caps[collection] !== undefined || game.former?.caps[collection] !== undefined)
            all.grants.getOrInsertComputed(operation.did, () => new Set())
          if (facts?.subject === undefined) continue
          all.actors.add(facts.subject.did)
          all.records.push(facts.subject)
        }
        break
      case 'import-head':
        all.records.push(baselineOf(operation.did))
        break
      case 'move':
        if (operation.scope === 'whole') all.whole.add(operation.did)
        else {
          all.parts.set(operation.did, operation.scope)
          all.allDays.add(operation.did)
        }
        break
      case 'account':
      case 'forget':
      case 'unforget':
      case 'hide':
      case 'leave':
      case 'return':
      case 'follow':
        all.allDays.add(operation.did)
        break
      case 'identity':
      case 'sync':
      case 'inactive':
      case 'repository-answer':
      case 'import-end':
      case 'import':
      case 'cancel-import':
      case 'look-up':
        break
    }
  }
  return all
}

function noteDay({ days }: Touched, { did, at }: { did: Did; at: Micros }): void {
  days.getOrInsertComputed(dayOf(secondsOf(at)), () => new Set()).add(did)
}

function noteCap(
  { rules, former }: Game,
  { grants }: Touched,
  { did, collection, at }: RecordId & { at: Micros },
): void {
  if (rules.caps[collection] === undefined && former?.caps[collection] === undefined) return
  grants.getOrInsertComputed(did, () => new Set()).add(dayOf(secondsOf(at)))
}
