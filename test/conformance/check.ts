// The parts of a check of the conformance suite.
import type { Store, Writer } from '../../src/store/store.ts'
import { game } from '../game/arbitrary.ts'

/** The place of a ledger, empty at first; it is the same ledger each time it is opened. Disposing of the place deletes it. */
export type Place = AsyncDisposable & { open(): Promise<Store> }

/** One promise of every store. `run` rejects if a store breaks it. */
export type Check = { title: string; run(place: () => Promise<Place>): Promise<void> }

export const KEEP = { fingerprint: game.rules.fingerprint, purpose: 'keep' } as const

/** A check of a store with a writer; `open` opens the same ledger again. */
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
