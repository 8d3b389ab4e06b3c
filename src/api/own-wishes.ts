import { setTimeout as sleep } from 'node:timers/promises'
import type { Did } from '@atcute/lexicons/syntax'
import type { Micros } from '../atproto/event.ts'
import type { Wish } from '../game/operation.ts'
import type { Inbox, OwnCharacter, Reader } from '../store/store.ts'
import type { CharacterCache } from './character-cache.ts'
import { ProblemError } from './problem.ts'

type OwnWish = Extract<Wish['kind'], 'hide' | 'leave' | 'return'>

/** How long a page waits until its wish is fulfilled, and how often it looks. Ingest looks into the inbox every second. */
const WAIT_MS = 4_000
const LOOK_EVERY_MS = 100

export type OwnWishesOptions = {
  inbox: Inbox
  reader: Pick<Reader, 'own'>
  cache: Pick<CharacterCache, 'invalidate'>
  clock: () => Micros
  /** Called with each failure to leave a wish. */
  failed: (error: unknown) => void
}

/** Hands wishes of people's own to ingest, which alone changes the ledger. */
export class OwnWishes {
  readonly #options: OwnWishesOptions

  constructor(options: OwnWishesOptions) {
    this.#options = options
  }

  /**
   * Leaves the wish, where it is durable, and waits until it is fulfilled, or for a few seconds: the page that follows shows what
   * there is then.
   * @param signal aborts when the client stops waiting; the wish stays
   */
  async ask(kind: OwnWish, did: Did, signal: AbortSignal): Promise<void> {
    const { inbox, reader, cache, clock, failed } = this.#options
    await inbox.leave({ kind, did, at: clock() }).catch((error: unknown) => {
      failed(error)
      throw new ProblemError(
        503,
        'LedgerUnavailable',
        'This could not be noted, so nothing has changed. Try again in a few seconds.',
      )
    })
    const end = performance.now() + WAIT_MS
    while (performance.now() < end && !signal.aborted) {
      if (isFulfilled(kind, await reader.own(did))) {
        cache.invalidate([did])
        return
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
    }
  }
}

function isFulfilled(kind: OwnWish, own: OwnCharacter | undefined): boolean {
  switch (kind) {
    case 'hide':
      return own?.hidden === true
    case 'leave':
      return own?.left === true
    case 'return':
      return own?.hidden !== true && own?.left !== true
  }
}
