// The list of stores, one folder each. A new one is a folder and a line in this list.
import { cql } from './cql/driver.ts'
import type { Address, Driver } from './driver.ts'
import { sqlite } from './sqlite/driver.ts'

export const drivers = [sqlite, cql] as const satisfies readonly Driver[]

/** Where a ledger is, in any of these stores. */
export type StoreAddress = NonNullable<ReturnType<(typeof drivers)[number]['readAddress']>>

/**
 * Reads the text of DATABASE_URL.
 * @throws {Error} whose message says what was expected
 */
export function readAddress<A extends Address>(text: string, among: readonly Driver<A>[]): A {
  const address = among.find(({ scheme }) => text.startsWith(scheme))?.readAddress(text)
  if (address !== undefined) return address
  throw new Error(among.map(({ expected }) => expected).join(', or '))
}

/** The driver for `address`. */
export function driverOf(address: Address, among: readonly Driver[] = drivers): Driver {
  const driver = among.find(({ name }) => name === address.driver)
  if (driver === undefined) throw new Error(`there is no driver named ${address.driver}`)
  return driver
}
