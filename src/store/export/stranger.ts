import { type ActorState, unknownActor } from '../../game/state.ts'
import { visibilityOf } from '../visibility.ts'

/**
 * Whether nothing is stored of a person but that others name them: an export leaves them out. To the game somebody is known whose row
 * is there, which makes one difference: that an account is active is noted of them, and not of others.
 */
export function isStranger(actor: ActorState): boolean {
  const { rev, floor, head, purgedTime, profileRev, handle, namedAt, statusTime } = actor
  const isUnknown = [rev, floor, head, purgedTime, profileRev, handle].every((value) => value === undefined)
  const visibility = visibilityOf(unknownActor(actor.did))
  return isUnknown && namedAt === 0 && statusTime === 0 && visibilityOf(actor) === visibility
}
