import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Driver, OpenOptions } from '../../src/store/driver.ts'
import { driverOf, drivers, readAddress } from '../../src/store/drivers.ts'
import { storeConformance } from '../conformance/index.ts'
import { memory } from './driver.ts'

/** The list of src/store/drivers.ts with one more line. */
const THREE: readonly Driver[] = [...drivers, memory]

const OPTIONS: OpenOptions = {
  preparation: 'create',
  diskReserve: 0,
  shards: 1,
  replication: undefined,
  waiting: () => {},
}

let places = 0

storeConformance({
  test,
  name: 'in memory',
  place: async () => {
    const address = readAddress(`memory:${places++}`, THREE)
    return {
      open: () => driverOf(address, THREE).open(address, OPTIONS),
      [Symbol.asyncDispose]: async () => {},
    }
  },
})

test('an address that no driver reads is told what all of them expect', () => {
  const expected =
    'sqlite: and the path of a file, or cql:// and the hosts of a cluster, or memory: and a name'
  for (const text of ['memory:', 'sqlite:', 'postgres://x', '']) {
    assert.throws(() => readAddress(text, THREE), { message: expected })
  }
  assert.throws(() => driverOf({ driver: 'memory' }), /no driver named memory/)
})
