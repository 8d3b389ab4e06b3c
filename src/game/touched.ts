import type { Did } from '@atcute/lexicons/syntax'
import { isObject } from '../atproto/json.ts'
import type { RecordId } from '../atproto/uri.ts'
import { baselineOf } from './baseline.ts'
import type { Game } from './decide.ts'
import type { Operation } from './operation.ts'

/** Everything that `decide` may look at; what a store has to load before it. */
export type Touched = {
  actors: Set<Did>
  records: RecordId[]
  /** People of whom every record is needed, tombstones included. */
  whole: Set<Did>
}

/** What `operations` may look at or change. Records may be named twice. */
export function touched(game: Game, operations: Iterable<Operation>): Touched {
  const all: Touched = { actors: new Set(), records: [], whole: new Set() }
  for (const operation of operations) {
    all.actors.add(operation.did)
    switch (operation.kind) {
      case 'commit': {
        if (!game.followed.has(operation.collection)) break
        all.records.push(operation)
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
        all.records.push(operation)
        break
      case 'profile-answer':
        if (game.baseline === 'posts') all.records.push(baselineOf(operation.did))
        break
      case 'repository-answer':
      case 'recompute':
        all.whole.add(operation.did)
        break
      case 'identity':
      case 'account':
      case 'sync':
      case 'no-answer':
      case 'inactive':
      case 'forget':
      case 'unforget':
      case 'look-up':
        break
    }
  }
  return all
}
