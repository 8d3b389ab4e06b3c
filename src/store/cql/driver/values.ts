// How the driver hands out what CQL's types hold.
import type { types } from 'cassandra-driver'

/** A bigint or counter: exact, for everything that is stored is below 2^53. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value
  return value === null || value === undefined ? 0 : (value as types.Long).toNumber()
}

/** Text, where there is some. */
export function textOf<T extends string = string>(value: unknown): T | undefined {
  return value === null || value === undefined ? undefined : (value as T)
}

/** Milliseconds since the Unix epoch. */
export function millisOf(value: unknown): number {
  return value instanceof Date ? value.getTime() : numberOf(value)
}
