// What leaves a batch together with a person. What the store has of them, it removes itself (`ActorChange.purge`, `erase`).
import type { Did } from '@atcute/lexicons/syntax'
import { type ActorChange, type Changes, NO_DAYS, NO_GRANTS, unknownActor } from '../state.ts'
import { latest } from './draft.ts'

/**
 * Drops everything about a person but their account status, the floor below which operations are ignored from now on,
 * and what they said about being shown: in their own profile record, or here.
 */
export function purge(change: ActorChange): void {
  const { did, rev, floor, head, status, statusTime, purgedTime, hidden, left, unfollowed } = change.actor
  const { profileRev, optedOut } = change.actor
  const own = profileRev === undefined ? {} : { profileRev, optedOut, introduced: true }
  change.purge = true
  change.actor = {
    ...unknownActor(did),
    ...own,
    rev,
    floor: latest(latest(rev, floor), head),
    status,
    statusTime,
    purgedTime,
    hidden,
    left,
    unfollowed,
  }
  change.records.clear()
  change.granted = NO_GRANTS
  change.days = NO_DAYS
  change.events = []
  change.asked = []
  change.postponed = []
  change.profile = undefined
  change.unnamed = undefined
}

/** Removes mentions of `did` from everybody's changes. */
export function eraseMentions({ actors }: Changes, did: Did): void {
  for (const change of actors.values()) {
    for (const [path, record] of change.records) {
      const { facts } = record.state
      if (facts?.subject?.did !== did) continue
      const state = { ...record.state, facts: { ...facts, subject: undefined } }
      change.records.set(path, { ...record, state })
    }
    change.asked = change.asked.filter((asked) => asked.kind !== 'subject' || asked.subject.did !== did)
  }
}
