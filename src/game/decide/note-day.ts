import type { Tally } from '../days.ts'
import type { ActorChange, Granted } from '../state.ts'
import type { Day } from '../time.ts'

/** Notes all that caps have granted on `day`. */
export function noteGranted(change: ActorChange, day: Day, granted: Granted): void {
  change.granted = withEntry(change.granted, day, granted)
}

/** Notes the tally of a day before the running one. */
export function noteTally(change: ActorChange, day: Day, tally: Tally): void {
  change.days = withEntry(change.days, day, tally)
}

/** Adds an entry to `map`, which is the change's own unless it is empty: most changes have none, and share an empty map. */
function withEntry<Value>(map: ReadonlyMap<Day, Value>, day: Day, value: Value): ReadonlyMap<Day, Value> {
  const own = map.size === 0 ? new Map<Day, Value>() : (map as Map<Day, Value>)
  return own.set(day, value)
}
