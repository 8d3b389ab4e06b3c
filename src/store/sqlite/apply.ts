import type { Nsid } from '@atcute/lexicons/syntax'
import type { ActorChange } from '../../game/state.ts'
import { SHOWN, visibilityOf } from '../visibility.ts'
import type { ActorRow, Kind } from './actor-row.ts'
import type { Tables } from './tables.ts'

/** Writes the game's decision about one person into their rows. Must run inside a transaction that ends with `Tables.save`. */
export function apply(tables: Tables, change: ActorChange): void {
  const {
    people,
    records,
    grants,
    days,
    events,
    questions,
    profiles,
    histogram,
    top,
    boards,
    today,
    totals,
  } = tables
  const { actor } = change
  const row = people.row(actor.did)
  const before = row.state
  if (change.purge) purge(tables, row)
  if (change.erase) records.eraseMentions(row.id)
  // Nothing can be open about somebody who is not in the file yet.
  const hasQuestions = row.stored
  for (const record of change.records.values()) {
    records.put(row, kindOf(row, record.id.collection), record)
    if (record.created) totals.records += 1
  }
  for (const [day, granted] of change.granted) grants.put(row, day, granted)
  for (const [day, tally] of change.days) days.put(row.id, day, tally)
  for (const event of change.events) events.append(row, kindOf(row, event.collection), event)
  for (const [collection, kind] of row.kinds) kind.live = actor.counts.get(collection) ?? 0
  row.state = actor
  people.save(row)

  // In this order: a new question may take over the pause of the one that it replaces (`startOf`).
  for (const question of change.answered) questions.answered(question)
  for (const question of change.postponed) questions.postpone(question)
  for (const question of change.asked) questions.ask(row.id, question, hasQuestions)
  if (change.profile === null) profiles.drop(row.id)
  else if (change.profile !== undefined) profiles.put(row.id, change.profile)
  if (change.unnamed !== undefined) profiles.dropHandle(row.id, change.unnamed)
  today.move(before, actor)
  totals.events += change.events.length
  totals.experience += actor.experience - before.experience
  const [from, to] = [visibilityOf(before), visibilityOf(actor)]
  histogram.changeVisibility(from, to)
  if (change.purge || (from === SHOWN && to !== SHOWN)) boards.leave(row.id)
  boards.place(row.id, change.standings)
  const had = from === SHOWN ? before.experience : undefined
  const has = to === SHOWN ? actor.experience : undefined
  if (had === has) return
  histogram.move(had, has)
  top.place(row.id, has)
}

function purge(
  { records, events, grants, days, questions, profiles, people, totals }: Tables,
  row: ActorRow,
): void {
  totals.records -= records.purge(row)
  totals.events -= events.purge(row)
  grants.purge(row)
  days.purge(row.id)
  questions.purge(row.id)
  profiles.drop(row.id)
  people.dropPruned(row)
  row.kinds.clear()
}

/** What `row` says of `collection`, which it says from now on. */
export function kindOf(row: ActorRow, collection: Nsid): Kind {
  const known = row.kinds.get(collection)
  if (known !== undefined) return known
  const kind: Kind = { live: 0, lastEvent: 0, lastRecord: undefined, greatest: undefined }
  row.kinds.set(collection, kind)
  return kind
}
