// Values of CQL's types as the driver gives them.
import type { types } from 'cassandra-driver'

/** Reads a bigint or counter. Exact, since all stored numbers are below 2^53. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value
  return value === null || value === undefined ? 0 : (value as types.Long).toNumber()
}

/** Reads a text; `undefined` where it is null. */
export function textOf<T extends string = string>(value: unknown): T | undefined {
  return value === null || value === undefined ? undefined : (value as T)
}

/** Milliseconds since the Unix epoch. */
export function millisOf(value: unknown): number {
  return value instanceof Date ? value.getTime() : numberOf(value)
}
