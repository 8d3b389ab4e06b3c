import {
  accountFrame,
  commitFrame,
  identityFrame,
  malformed,
  objectOf,
  timeOf,
  unknownFrame,
} from './fields.ts'
import { isDid } from './syntax.ts'
import type { Frame, Wire } from './wire.ts'

/** `/subscribe`, where an event's cursor is its `time_us`. */
export const v1: Wire = {
  name: 'v1',
  path: '/subscribe',
  subprotocols: [],
  query: { collections: 'wantedCollections', dids: 'wantedDids' },
  compression: () => ['compress', 'true'],
  hello: {
    parameter: ['requireHello', 'true'],
    message: ({ collections, dids, maxMessageBytes }) =>
      JSON.stringify({
        type: 'options_update',
        payload: {
          wantedCollections: collections,
          wantedDids: dids,
          maxMessageSizeBytes: maxMessageBytes ?? 0,
        },
      }),
  },
  read,
  cursors: 'times',
  step: 1_000,
  silentClampAfter: 24 * 3_600_000_000,
  dictionary: { from: 'user' },
}

function read(text: string): Frame {
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
