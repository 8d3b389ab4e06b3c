import type { Store } from './store.ts'

/** Where a ledger is, as plain data that can be passed to worker threads. */
export type Address = { readonly driver: string }

/**
 * What opening may do to a ledger. `create` makes one where it is missing or empty, and migrates an older one; `upgrade`
 * migrates, and refuses a missing one; `nothing` changes no byte, and refuses all but the present schema.
 */
export type Preparation = 'create' | 'upgrade' | 'nothing'

/** As much of a logger as stores use. */
export type StoreLog = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** Settings of all drivers; each driver uses those that concern it. */
export type OpenOptions = {
  preparation: Preparation
  /** Bytes to leave free on the ledger's disk, where that is on this machine. */
  diskReserve: number
  /** Number of shards, the upper limit of ingest processes; fixed when the ledger is made. */
  shards: number
  /** Copies of each row, used when the ledger is made; `undefined` lets the driver choose. */
  replication: number | undefined
  /** Gets warnings about servers that do not answer for long. @default none */
  log?: StoreLog
  /** Called with a message when another program keeps the writer waiting. */
  waiting: (message: string) => void
  /** Once it aborts, the driver gives up servers that do not answer within seconds. @default never */
  ending?: AbortSignal
}

/** One way to keep a ledger; drivers.ts lists them. Each passes the suite in test/conformance. */
export type Driver<A extends Address = Address> = {
  name: A['driver']
  /** The beginning of its addresses. */
  scheme: string
  /** The form of an address, for the reference of settings. */
  example: string
  /** The form of an address in words, for the message about a mistyped one. */
  expected: string
  /** Whether one process writes all of a ledger, and so knows of every change. */
  hasOneWriter: boolean
  /** A folder beside the ledger for what can be made anew; `undefined` where the ledger is not on this machine. */
  folderBeside(address: A): string | undefined
  /**
   * Reads an address that begins with `scheme`; `undefined` where it is not as `expected`.
   * @throws {Error} whose message says what was expected, where it can be more precise than `expected`
   */
  readAddress(text: string): A | undefined
  /** @throws {StoreError} where the ledger cannot be used */
  open(address: A, options: OpenOptions): Promise<Store>
}
