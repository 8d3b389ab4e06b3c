// The lines of an export: docs/export-format.md describes them for others. A line that is not exactly so is refused.
import { type Static, type TSchema, Type } from 'typebox'
import { ACCOUNT_STATUSES } from '../../atproto/event.ts'

export const FORMAT = 'bsky-rpg-ledger'
/** Raised with any change: a program writes the newest version and reads all that it knows. */
export const FORMAT_VERSION = 2

const text = Type.String({ maxLength: 10_000 })
const whole = Type.Integer()
const natural = Type.Integer({ minimum: 0 })
const positive = Type.Integer({ minimum: 1 })
const counts = Type.Record(Type.String(), natural)
const tally = { experience: whole, claimed: whole, counts }
export const strict = { additionalProperties: false } as const

const exactly = <const Name extends string>(name: Name) => ({ kind: Type.Literal(name) })
/** Left out where there is none. */
const maybe = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Undefined()]))

/** An entry, but for the version of the rules that awarded it. */
export const entry = {
  ...exactly('event'),
  at: whole,
  collection: text,
  rkey: text,
  cause: Type.Enum(['create', 'update', 'delete', 'subject', 'sync', 'baseline', 'recompute', 'import']),
  reason: text,
  delta: whole,
  experience: whole,
}

export const LINES = {
  header: Type.Object(
    {
      ...exactly('header'),
      format: Type.Literal(FORMAT),
      version: natural,
      id: text,
      program: text,
      at: natural,
      rules: text,
    },
    strict,
  ),
  rules: Type.Object(
    {
      ...exactly('rules'),
      version: positive,
      fingerprint: text,
      titles: maybe(Type.Array(Type.Object({ level: positive, title: text }, strict))),
      at: maybe(whole),
    },
    strict,
  ),
  cursor: Type.Object({ ...exactly('cursor'), host: text, wire: text, value: natural, at: natural }, strict),
  heartbeat: Type.Object({ ...exactly('heartbeat'), at: natural, lag: whole, host: maybe(text) }, strict),
  followed: Type.Object(
    {
      ...exactly('followed'),
      dids: maybe(Type.Array(Type.String())),
      collections: Type.Array(Type.String()),
      left: Type.Record(Type.String(), whole),
    },
    strict,
  ),
  gap: Type.Object(
    { ...exactly('gap'), host: text, from: whole, to: maybe(whole), reason: text, at: whole },
    strict,
  ),
  wish: Type.Object(
    {
      ...exactly('wish'),
      wish: Type.Enum([
        'forget',
        'unforget',
        'hide',
        'leave',
        'return',
        'look-up',
        'import',
        'cancel-import',
      ]),
      did: text,
      at: natural,
    },
    strict,
  ),
  person: Type.Object(
    {
      ...exactly('person'),
      did: text,
      born: Type.Boolean(),
      experience: whole,
      lastDelta: whole,
      updatedAt: whole,
      periods: Type.Object({ day: whole, week: whole, month: whole }, strict),
      running: Type.Object({ day: whole, ...tally }, strict),
      earlier: counts,
      described: whole,
      counts,
      rev: maybe(text),
      floor: maybe(text),
      head: maybe(text),
      status: Type.Enum([...ACCOUNT_STATUSES]),
      statusTime: whole,
      purgedTime: maybe(whole),
      optedOut: Type.Boolean(),
      profileRev: maybe(text),
      introduced: Type.Boolean(),
      namedAt: whole,
      handle: maybe(text),
      forgotten: Type.Boolean(),
      hidden: Type.Boolean(),
      left: Type.Boolean(),
      unfollowed: Type.Boolean(),
      profile: maybe(
        Type.Object(
          { handle: maybe(text), displayName: maybe(text), avatar: maybe(text), asked: whole },
          strict,
        ),
      ),
      pruned: whole,
      granted: Type.Array(Type.Object({ day: whole, granted: counts }, strict)),
      days: Type.Array(Type.Object({ day: whole, ...tally }, strict)),
    },
    strict,
  ),
  record: Type.Object(
    {
      ...exactly('record'),
      collection: text,
      rkey: text,
      rev: text,
      live: Type.Boolean(),
      xp: whole,
      at: whole,
      capped: Type.Boolean(),
      claimed: maybe(whole),
      facts: maybe(
        Type.Object(
          { media: maybe(Type.Enum(['text', 'media', 'alt'])), subject: maybe(text), own: maybe(text) },
          strict,
        ),
      ),
    },
    strict,
  ),
  event: Type.Object({ ...entry, rules: positive }, strict),
  question: Type.Object(
    {
      ...exactly('question'),
      about: Type.Enum(['subject', 'profile', 'repository', 'import']),
      did: text,
      due: natural,
      tries: natural,
      collection: maybe(text),
      rkey: maybe(text),
      rev: maybe(text),
      subject: maybe(text),
    },
    strict,
  ),
  /** All lines since the last one of these, or the first line, are as they were written. */
  check: Type.Object({ ...exactly('check'), lines: natural, sha256: text }, strict),
  end: Type.Object(
    {
      ...exactly('end'),
      people: natural,
      records: natural,
      events: natural,
      questions: natural,
      experience: whole,
      content: text,
    },
    strict,
  ),
}

export type Line = { [Kind in keyof typeof LINES]: Static<(typeof LINES)[Kind]> }[keyof typeof LINES]
export type LineOf<Kind extends Line['kind']> = Extract<Line, { kind: Kind }>

/** An export cannot be used: it is cut off, was altered, or is not one. The message names the line. */
export class ExportError extends Error {
  override name = 'ExportError'
}
