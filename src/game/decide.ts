// The whole game in one pure fold: known state and operations in, changes out. It does no I/O, reads no clock and never
// mutates its arguments; so replays, repairs, every store and the tests' model all share it.
import { decideAccount, decideIdentity, decideSync } from './decide/account.ts'
import {
  decideAbsent,
  decideInactive,
  decideNoAnswer,
  decideProfile,
  decideRepository,
  decideSubject,
} from './decide/answers.ts'
import { decideCommit } from './decide/commit.ts'
import { Draft } from './decide/draft.ts'
import { decideImportEnd, decideImportHead, decideImportRecords } from './decide/import.ts'
import { decideMove, decideRecompute } from './decide/recompute.ts'
import {
  decideCancelImport,
  decideFollow,
  decideForget,
  decideHide,
  decideImportWish,
  decideLeave,
  decideLookUp,
  decideReturn,
  decideUnforget,
} from './decide/wishes.ts'
import type { Game } from './game.ts'
import type { Operation } from './operation.ts'
import type { Changes, Known, Outcome } from './state.ts'

/** Applies `operations`, in this order, to the `known` state. Idempotent: a second time they change nothing. */
export function decide(game: Game, known: Known, operations: Iterable<Operation>): Changes {
  const draft = new Draft(known, game)
  for (const operation of operations) draft.count(outcomeOf(game, draft, operation))
  return draft.settle()
}

function outcomeOf(game: Game, draft: Draft, operation: Operation): Outcome {
  switch (operation.kind) {
    case 'commit':
      return decideCommit(game, draft, operation)
    case 'identity':
      return decideIdentity(draft, operation)
    case 'account':
      return decideAccount(draft, operation)
    case 'sync':
      return decideSync(draft, operation)
    case 'subject-answer':
      return decideSubject(draft, operation)
    case 'profile-answer':
      return decideProfile(game, draft, operation)
    case 'repository-answer':
      return decideRepository(draft, operation)
    case 'absent':
      return decideAbsent(draft, operation)
    case 'import-records':
      return decideImportRecords(game, draft, operation)
    case 'import-head':
      return decideImportHead(draft, operation)
    case 'import-end':
      return decideImportEnd(draft, operation)
    case 'no-answer':
      return decideNoAnswer(game, draft, operation)
    case 'inactive':
      return decideInactive(draft, operation)
    case 'forget':
      return decideForget(draft, operation)
    case 'unforget':
      return decideUnforget(draft, operation)
    case 'hide':
      return decideHide(draft, operation)
    case 'leave':
      return decideLeave(draft, operation)
    case 'return':
      return decideReturn(draft, operation)
    case 'look-up':
      return decideLookUp(draft, operation)
    case 'import':
      return decideImportWish(draft, operation)
    case 'cancel-import':
      return decideCancelImport(draft, operation)
    case 'recompute':
      return decideRecompute(draft, operation)
    case 'move':
      return decideMove(draft, operation)
    case 'follow':
      return decideFollow(draft, operation)
  }
}
