import {
  accountFrame,
  commitFrame,
  type Frame,
  identityFrame,
  malformed,
  objectOf,
  timeOf,
  unknownFrame,
} from './fields.ts'
import { isDid } from './syntax.ts'

/** Reads one frame of `/subscribe`; its place is `time_us`. Never throws, whatever it is given. */
export function readV1(text: string): Frame {
  const message = objectOf(text)
  if (message === undefined) return malformed('json')
  const { did, kind } = message
  const at = timeOf(message.time_us)
  if (typeof kind !== 'string') return malformed('shape')
  if (!isDid(did)) return malformed('did')
  if (at === undefined) return malformed('time')
  switch (kind) {
    case 'commit':
      return commitFrame(did, at, at, message.commit)
    case 'identity':
      return identityFrame(did, at, at, message.identity)
    case 'account':
      return accountFrame(did, at, at, message.account)
    default:
      return unknownFrame()
  }
}
