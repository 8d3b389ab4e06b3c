import type { Handle, Nsid } from '@atcute/lexicons/syntax'
import type { Micros } from './event.ts'
import { isObject, type JsonObject } from './json.ts'

/** The record of a person's profile, with their labels; earns nothing, but is always followed. */
export const PROFILE: Nsid = 'app.bsky.actor.profile'

/** A person's profile, as the AppView last returned it. Not part of the ledger. */
export type Profile = {
  /** `undefined` if no valid one is known. */
  handle: Handle | undefined
  displayName: string | undefined
  /** URL of a picture. */
  avatar: string | undefined
  /** When the AppView was asked. */
  asked: Micros
}

/** Whether a profile record asks that apps without sign-in do not show its owner. */
export function hidesItself({ labels }: JsonObject): boolean {
  return (
    isObject(labels) &&
    Array.isArray(labels.values) &&
    labels.values.some((label: unknown) => isObject(label) && label.val === '!no-unauthenticated')
  )
}
