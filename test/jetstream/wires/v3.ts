import { v2 } from '../../../src/jetstream/wires/v2.ts'
import type { Wire } from '../../../src/jetstream/wires/wire.ts'

/** An invented wire: v2's frames at another path, with the newest event's time as the cursor. */
export const v3: Wire = {
  ...v2,
  name: 'v3',
  path: '/xrpc/network.example.stream.subscribe',
  subprotocols: ['example.v3'],
  query: { collections: 'only', dids: 'by' },
  compression: (dictionaryId) => ['dictionary', String(dictionaryId)],
  read: (text) => {
    const frame = v2.read(text)
    return frame.type === 'event' ? { ...frame, value: frame.event.at } : frame
  },
  cursors: 'times',
  step: 1_000,
  dictionary: { from: 'host', path: '/xrpc/network.example.stream.getDictionary' },
}
