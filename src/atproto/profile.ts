import type { Handle, Nsid } from '@atcute/lexicons/syntax'
import type { Micros } from './event.ts'

/** Says who someone is and whether they want to be seen; earns nothing, but is always followed. */
export const PROFILE: Nsid = 'app.bsky.actor.profile'

/** How a person presents themself, as the AppView last said. Kept apart from the ledger and never part of it. */
export type Profile = {
  /** `undefined` while no valid one is known. */
  handle: Handle | undefined
  displayName: string | undefined
  /** https URL of a picture. */
  avatar: string | undefined
  /** When the AppView was asked. */
  asked: Micros
}
