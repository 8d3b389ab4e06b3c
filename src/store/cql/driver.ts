import type { Driver } from '../driver.ts'
import { type CqlAddress, EXAMPLE, readAddress } from './driver/address.ts'

export const cql: Driver<CqlAddress> = {
  name: 'cql',
  scheme: 'cql://',
  example: EXAMPLE,
  expected: 'cql:// and the hosts of a cluster',
  hasOneWriter: false,
  folderBeside: () => undefined,
  readAddress,
  async open(address, { shards, replication, log, ending }) {
    // The driver takes long to load, and only clusters need it.
    const { openCql } = await import('./open.ts')
    return openCql({
      address,
      shards,
      replication,
      ...(log === undefined ? {} : { log }),
      ...(ending === undefined ? {} : { ending }),
    })
  },
}
