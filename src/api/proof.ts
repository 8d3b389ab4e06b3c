// The lines of GET /v1/characters/{actor}/proof, as they are sent and as `bsky-rpg check` reads them.
import { type Static, Type } from 'typebox'

const text = Type.String({ maxLength: 2_048 })
const maybe = Type.Optional(Type.Union([text, Type.Undefined()]))

/** The first line: what the records add up to. */
export const ProofHead = Type.Object({
  kind: Type.Literal('proof'),
  did: text,
  experience: Type.Integer(),
  level: Type.Integer(),
  /** Differs whenever the character does. */
  version: text,
  /** Up to when the server has seen the stream; left out before its first event. */
  seenUpTo: maybe,
})

/** A live record. */
export const ProofRecord = Type.Object({
  kind: Type.Literal('record'),
  collection: text,
  rkey: text,
  /** The revision of the last operation on it. */
  rev: text,
  reason: text,
  experience: Type.Integer(),
  /** When it was first seen in the stream; left out where a fetched repository brought it. */
  witnessed: maybe,
  /** A cap keeps it below what its reason is worth. */
  capped: Type.Optional(Type.Union([Type.Boolean(), Type.Undefined()])),
})

/** The last line. `version` is left out where the person is not shown any more. */
export const ProofEnd = Type.Object({ kind: Type.Literal('end'), records: Type.Integer(), version: maybe })

export type ProofHead = Static<typeof ProofHead>
export type ProofRecord = Static<typeof ProofRecord>
export type ProofEnd = Static<typeof ProofEnd>
