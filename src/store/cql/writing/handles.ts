// Who is found by which handle. The table is everybody's: whoever learns whose a handle is writes it there, later than what is
// there already. Two who do so at the same moment go by when each asked the network, by the servers' clock.
import type { Did } from '../../../atproto/event.ts'
import type { Profile } from '../../../atproto/profile.ts'
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

/** What is written about handles, and who is told that theirs is somebody else's by now. */
export type HandlePlan = { mutations: Mutation[]; notes: Note[] }

/** Has `did` found by the handle of `profile`, and no longer by that of `former`. */
export async function planHandle(
  { session, clock, owns }: HandleParts,
  did: Did,
  { former, profile }: { former: Profile | undefined; profile: Profile | undefined },
): Promise<HandlePlan> {
  const plan: HandlePlan = { mutations: [], notes: [] }
  if (former?.handle !== undefined && former.handle !== profile?.handle) {
    const [row] = await session.readForDecision(HANDLE, [former.handle])
    // Under the very time at which it was written: whoever is known by it from now on stays.
    if (row?.did === did) plan.mutations.push(['dropHandle', numberOf(row.written), former.handle])
  }
  if (profile?.handle === undefined || profile === former) return plan
  const { handle } = profile
  const [row] = await session.readForDecision(HANDLE, [handle])
  // As it was decided, whatever clock the one before went by: its owner is told that it is theirs no more.
  const asked = Math.min(clock.now(), clock.of(profile.asked))
  plan.mutations.push(['handle', handle, did, Math.max(asked, numberOf(row?.written) + 1)])
  const owner = row?.did as Did | null | undefined
  // Our own are part of what was decided.
  if (owner !== null && owner !== undefined && owner !== did && !owns(owner)) {
    plan.notes.push({ kind: 'unhandle', did: owner, handle })
  }
  return plan
}
