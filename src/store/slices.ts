import type { Cursor } from '../atproto/event.ts'
import type { Changes, Known } from '../game/state.ts'
import type { Touched } from '../game/touched.ts'

/** Operations of a batch that are decided together: what the store has to load for them, and the decision by that. */
export type Slice = { touched: Touched; decide: (known: Known) => Changes }

/** How long the store took for a batch, in seconds. */
export type FoldTimes = { loadSeconds: number; commitSeconds: number }

/**
 * Folds a long batch slice by slice, each decided by what is stored after the one before, and commits all of it at once. A commit
 * is the cheaper the more it has, but what is loaded and decided for thousands of operations fits in no processor's cache, and
 * lives long enough for the garbage collector to move it twice.
 */
export type SlicedFold = {
  /** How many operations a slice should have. */
  operations: number
  /**
   * Loads, decides and stores one slice after the other. Durable when it resolves, the cursor and all slices or nothing; an
   * `undefined` cursor leaves the stored one.
   */
  fold: (slices: Iterable<Slice>, cursor: Cursor | undefined) => Promise<FoldTimes>
}
