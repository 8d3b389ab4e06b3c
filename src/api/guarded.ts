import type { Sessions } from '../store/sessions.ts'
import { InvalidCursorError, type Reader } from '../store/store.ts'
import { ProblemError } from './problem.ts'

/**
 * Wraps `sessions` in the same way.
 * @param failed is called with each failure
 */
export function guardedSessions(sessions: Sessions, failed: (error: unknown) => void): Sessions {
  const fail = (error: unknown): never => {
    failed(error)
    throw new ProblemError(
      503,
      'LedgerUnavailable',
      'This server cannot look up who is signed in right now. Try again in a few seconds.',
    )
  }
  return {
    signIn: (session, now) => sessions.signIn(session, now).catch(fail),
    isSignedIn: (did, id, now) => sessions.isSignedIn(did, id, now).catch(fail),
    signOut: (did, id) => sessions.signOut(did, id).catch(fail),
    signOutEverywhere: (did) => sessions.signOutEverywhere(did).catch(fail),
    begin: (pending, now) => sessions.begin(pending, now).catch(fail),
    finish: (id, now) => sessions.finish(id, now).catch(fail),
    key: (make) => sessions.key(make).catch(fail),
  }
}

/**
 * Wraps `reader` so that its failures become a 503 that tells the client to try again.
 * @param failed is called with each failure
 */
export function guarded(reader: Reader, failed: (error: unknown) => void): Reader {
  const fail = (error: unknown): never => {
    if (error instanceof InvalidCursorError) throw error
    failed(error)
    throw new ProblemError(
      503,
      'LedgerUnavailable',
      'The ledger cannot be read right now. Try again in a few seconds.',
    )
  }
  return {
    character: (did) => reader.character(did).catch(fail),
    characters: (dids) => reader.characters(dids).catch(fail),
    didOf: (handle) => reader.didOf(handle).catch(fail),
    async *records(did, pageSize) {
      try {
        yield* reader.records(did, pageSize)
      } catch (error) {
        fail(error)
      }
    },
    events: (did, page) => reader.events(did, page).catch(fail),
    days: (did) => reader.days(did).catch(fail),
    board: (page) => reader.board(page).catch(fail),
    periodBoard: (board, page) => reader.periodBoard(board, page).catch(fail),
    xpHistogram: () => reader.xpHistogram().catch(fail),
    recent: (after, limit) => reader.recent(after, limit).catch(fail),
    own: (did) => reader.own(did).catch(fail),
    importStatus: (did) => reader.importStatus(did).catch(fail),
    latest: (limit) => reader.latest(limit).catch(fail),
    status: () => reader.status().catch(fail),
  }
}
