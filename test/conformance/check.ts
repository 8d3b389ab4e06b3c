// What a check of the suite is made of.
import type { Store, Writer } from '../../src/store/store.ts'
import { game } from '../game/arbitrary.ts'

/** An empty ledger, the same again however often it is opened; all of it goes with the place. */
export type Place = AsyncDisposable & { open(): Promise<Store> }

/** One thing that every store has to do. It rejects where a store does not. */
export type Check = { title: string; run(place: () => Promise<Place>): Promise<void> }

export const KEEP = { fingerprint: game.rules.fingerprint, purpose: 'keep' } as const

/** A check of a store that somebody writes to; `open` opens the same ledger again. */
export function check(
  title: string,
  run: (store: Store, writer: Writer, open: () => Promise<Store>) => Promise<void>,
): Check {
  return onPlace(title, async (place) => {
    await using here = await place()
    await using store = await here.open()
    await using writer = await store.write(KEEP)
    await run(store, writer, () => here.open())
  })
}

/** A check that opens ledgers itself. */
export function onPlace(title: string, run: Check['run']): Check {
  return { title, run }
}

/** A store with its writer, both of which end together. */
export async function opened(place: {
  open(): Promise<Store>
}): Promise<AsyncDisposable & { store: Store; writer: Writer }> {
  const store = await place.open()
  const writer = await store.write(KEEP)
  return {
    store,
    writer,
    [Symbol.asyncDispose]: async () => {
      await writer[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}
