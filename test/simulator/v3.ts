import { plain, zstd } from '../../src/simulator/compression.ts'
import { filterOf } from '../../src/simulator/filter.ts'
import { v2 } from '../../src/simulator/wires/v2.ts'
import type { SimulatedWire } from '../../src/simulator/wires/wire.ts'

/** The server's side of an invented wire: see test/jetstream/wires/v3.ts. */
export const v3: SimulatedWire = {
  ...v2,
  name: 'v3',
  path: '/xrpc/network.example.stream.subscribe',
  subprotocol: 'example.v3',
  dictionaryPath: '/xrpc/network.example.stream.getDictionary',
  filterOf: (query) => {
    const [collections, dids] = [query.getAll('only'), query.getAll('by')]
    return filterOf({ collections, dids, kinds: [], maxFrameBytes: 0 })
  },
  encodingOf: (query, _headers, dictionary) =>
    query.has('dictionary') && dictionary !== undefined ? zstd(dictionary) : plain,
}
