import type { Client } from 'cassandra-driver'
import type { CqlAddress } from '../../../src/store/cql/driver/address.ts'
import { type CqlStore, openCql } from '../../../src/store/cql/open.ts'
import type { StoreLog } from '../../../src/store/driver.ts'
import type { MemoryClient, MemoryCluster } from './memory-cluster.ts'

export type MemoryStoreOptions = {
  shards?: number
  pageRows?: number
  elapsedMs?: () => number
  clock?: () => number
  log?: StoreLog
  firstWaitMs?: number
  consistency?: CqlAddress['consistency']
  replication?: number
  ending?: AbortSignal
  /** How long counters wait before they are sent. @default 100 */
  countersMs?: number
}

/** The store for clusters over `cluster`; `client` is its connection. */
export function openOn(
  cluster: MemoryCluster,
  options: MemoryStoreOptions = {},
  client: MemoryClient = cluster.client(),
): Promise<CqlStore> {
  const {
    shards = 4,
    pageRows,
    elapsedMs,
    clock,
    log,
    firstWaitMs,
    ending,
    consistency = 'local_quorum',
    replication = 1,
    countersMs = 100,
  } = options
  return openCql({
    address: {
      driver: 'cql',
      contactPoints: ['memory'],
      localDataCenter: 'datacenter1',
      keyspace: 'test',
      username: undefined,
      password: undefined,
      tls: false,
      authority: undefined,
      consistency,
    },
    shards,
    replication,
    boardMs: 0,
    countersMs,
    connect: async () => ({ client: client as unknown as Client, localDataCenter: 'datacenter1' }),
    ...(pageRows === undefined ? {} : { pageRows }),
    ...(firstWaitMs === undefined ? {} : { firstWaitMs }),
    ...(ending === undefined ? {} : { ending }),
    ...(log === undefined ? {} : { log }),
    ...(clock === undefined ? {} : { clock }),
    ...(elapsedMs === undefined ? {} : { elapsedMs }),
  })
}
