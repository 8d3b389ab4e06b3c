// The table `handles`: which person is found by a handle. Workers share it: the owner of a person who takes a handle writes
// that with a later time than the row has. Where two do so at the same moment, the one that asked the network later wins, by
// the servers' clock.
import type { Did, Micros } from '../../../atproto/event.ts'
import type { Profile } from '../../../atproto/profile.ts'
import type { Row } from '../driver/paging.ts'
import type { ServerClock } from '../driver/server-clock.ts'
import type { Session } from '../driver/session.ts'
import { numberOf } from '../driver/values.ts'
import type { Note } from '../inbox.ts'
import type { Mutation } from '../rows/mutations.ts'

const HANDLE = 'SELECT did, writetime(did) AS written FROM handles WHERE handle = ?'

export type HandleParts = {
  session: Session
  clock: ServerClock
  owns: (did: Did) => boolean
}

/** Writes to the table, and notes for people who have lost a handle to somebody else. */
export type HandlePlan = { mutations: Mutation[]; notes: Note[] }

/** Plans that `did` is found by the handle of `profile`, and not by the one of `former` any more. */
export async function planHandle(
  { session, clock, owns }: HandleParts,
  did: Did,
  { former, profile }: { former: Profile | undefined; profile: Profile | undefined },
): Promise<HandlePlan> {
  const plan: HandlePlan = { mutations: [], notes: [] }
  if (former?.handle !== undefined && former.handle !== profile?.handle) {
    const [row] = await session.readForDecision(HANDLE, [former.handle])
    // Under the time at which the row was written, so that a later owner of the handle stays.
    if (row?.did === did) plan.mutations.push(['dropHandle', numberOf(row.written), former.handle])
  }
  if (profile?.handle === undefined) return plan
  const { handle } = profile
  const [row] = await session.readForDecision(HANDLE, [handle])
  plan.mutations.push(['handle', handle, did, claimedAt(clock, profile, row)])
  const owner = row?.did as Did | null | undefined
  // For a person of our own shards, the game has decided the same.
  if (owner !== null && owner !== undefined && owner !== did && !owns(owner)) {
    plan.notes.push({ kind: 'unhandle', did: owner, handle })
  }
  return plan
}

/** Under which time a person takes the handle of `profile`, by the servers' clock. */
function claimedAt(clock: ServerClock, { asked }: Profile, row: Row | undefined): Micros {
  const now = clock.now()
  // Of an owner who has given it up a deletion remains under the time of their row, which nobody can read: now it is past. The
  // question may be older than that, by a clock that was set back.
  if (row === undefined) return now
  // Always later than the row there, whose writer's clock may be ahead; its owner gets a note.
  return Math.max(Math.min(now, clock.of(asked)), numberOf(row.written) + 1)
}
