import { changedStandings } from '../../game/decide/standings.ts'
import { type ActorChange, pathOf } from '../../game/state.ts'
import type { Piece } from './ledger-copy.ts'

/** What a store has to write for a piece of a person, but for the events, as if the game had decided it. */
export function changeOf({ person, isFirst, records }: Piece): ActorChange {
  const { actor, profile, granted, days } = person
  const change: ActorChange = {
    purge: false,
    erase: false,
    actor,
    records: new Map(records.map(([id, state]) => [pathOf(id), { id, state, created: true }])),
    granted: new Map(isFirst ? granted : []),
    days: new Map(isFirst ? days.map(({ day, ...tally }) => [day, tally]) : []),
    events: [],
    standings: [],
    answered: [],
    postponed: [],
    asked: [],
    profile: isFirst ? profile : undefined,
    unnamed: undefined,
  }
  // Nobody has been placed before: the person gets all their places.
  if (isFirst) change.standings = changedStandings(undefined, new Map(), change, { anew: true })
  return change
}
