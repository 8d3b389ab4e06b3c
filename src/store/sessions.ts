// Who is signed in. It is kept beside the ledger and is no part of it: the API writes it, and nothing of it is public.
import type { Did } from '../atproto/event.ts'
import type { Seconds } from '../game/time.ts'

/** A person who is signed in. `id` is the hash of the token that their browser has; the token itself is not stored. */
export type SignedIn = { did: Did; id: string; until: Seconds }

/** A sign-in that waits for the person to come back from their own server. `text` may hold secrets. */
export type PendingSignIn = { id: string; text: string; until: Seconds }

/** What has expired counts as absent, and is removed sooner or later. `now` is the time by our own clock. */
export interface Sessions {
  signIn(session: SignedIn, now: Seconds): Promise<void>
  isSignedIn(did: Did, id: string, now: Seconds): Promise<boolean>
  signOut(did: Did, id: string): Promise<void>
  /** Ends all of a person's sessions. */
  signOutEverywhere(did: Did): Promise<void>
  /** Keeps a sign-in that has begun. */
  begin(pending: PendingSignIn, now: Seconds): Promise<void>
  /** Gives what `begin` kept, once. */
  finish(id: string, now: Seconds): Promise<string | undefined>
  /** The key by which this server, with all its processes, proves who it is: the one that was made first. */
  key(make: () => Promise<string>): Promise<string>
}
