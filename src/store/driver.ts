import type { Store } from './store.ts'

/** Where a ledger is, as plain data: threads are given it. */
export type Address = { readonly driver: string }

/**
 * What may be done to a ledger before it is used. `create` makes it where it is missing or empty, and brings an older one
 * up to date; `upgrade` wants one that is there; `nothing` leaves every byte as it is and wants one of this version.
 */
export type Preparation = 'create' | 'upgrade' | 'nothing'

/** As much of a logger as stores use. */
export type StoreLog = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** What the program is set to, whichever store it uses; each driver takes what means something to it. */
export type OpenOptions = {
  preparation: Preparation
  /** Bytes to leave free on a disk of this machine. */
  diskReserve: number
  /** Into how many parts people are divided; fixed when the ledger is made. */
  shards: number
  /** Copies of each row when the ledger is made; `undefined`: as many as suit. */
  replication: number | undefined
  /** Told of servers that do not answer for long. @default nobody */
  log?: StoreLog
  /** Told in words when another program keeps the writer waiting. */
  waiting: (message: string) => void
  /** Once it aborts, servers that do not answer are given up within seconds. @default never */
  ending?: AbortSignal
}

/** One way to keep a ledger; drivers.ts lists them. Each passes the suite in test/conformance. */
export type Driver<A extends Address = Address> = {
  name: A['driver']
  /** What its addresses begin with. */
  scheme: string
  /** What an address looks like, for the reference of settings... */
  example: string
  /** ...and in words, for whoever mistyped one. */
  expected: string
  /** Whether one process writes all of a ledger, so that it hears of every change. */
  hasOneWriter: boolean
  /**
   * Reads an address that begins with `scheme`; `undefined` where it is not as `expected`.
   * @throws {Error} whose message is what was expected, where that can be told better
   */
  readAddress(text: string): A | undefined
  /** @throws {StoreError} where the ledger cannot be used */
  open(address: A, options: OpenOptions): Promise<Store>
}
