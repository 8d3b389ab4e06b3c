// The JSON of requests and responses, defined once for the types of handlers, validation and /openapi.json.
import { type Static, type TSchema, Type } from 'typebox'
import { InsightsObject } from './insights-schema.ts'

/** Schemas that /openapi.json lists by name. */
export const NAMED_SCHEMAS: TSchema[] = []

/** Registers `schema` under `name`, and returns a reference to it. */
function named<T extends TSchema>(name: string, schema: T) {
  NAMED_SCHEMAS.push(Object.assign({}, schema, { $id: name }))
  return Type.Unsafe<Static<T>>({ $ref: `${name}#` })
}

const nullable = (type: ReturnType<typeof Type.String>) => Type.Union([type, Type.Null()])
const time = (description: string) => Type.String({ format: 'date-time', description })

const Leveling = named(
  'Leveling',
  Type.Object({
    level: Type.Integer(),
    experience: Type.Integer({ description: 'total XP' }),
    experienceToNextLevel: Type.Integer({ description: 'XP still missing; 0 at the highest level' }),
    levelsGained: Type.Integer({ description: 'levels gained by the last event; negative after a deletion' }),
    progressPercentage: Type.Integer({ minimum: 0, maximum: 100 }),
  }),
)

const Rank = named(
  'Rank',
  Type.Union([
    Type.Object({
      position: Type.Integer({ description: '1 + the number of characters with more XP' }),
      of: Type.Integer({ description: 'all characters' }),
      behind: Type.Integer({ description: 'characters with less XP' }),
      asOf: time('ranks are counted every so often'),
    }),
    Type.Null({ description: 'not known right now' }),
  ]),
)

const attribute = Type.Integer({ minimum: 1, maximum: 20 })

const Attributes = named(
  'Attributes',
  Type.Object(
    { voice: attribute, clarity: attribute, warmth: attribute, echo: attribute },
    { description: 'what the character does most; /v1/rules says what they come from' },
  ),
)

const CHARACTER = {
  did: 'did:plc:alicealicealicealicealic',
  handle: 'alice.example',
  displayName: 'Alice',
  avatar: null,
  title: 'Wanderer',
  leveling: {
    level: 3,
    experience: 270,
    experienceToNextLevel: 80,
    levelsGained: 0,
    progressPercentage: 20,
  },
  rank: { position: 12, of: 3904, behind: 3890, asOf: '2026-01-28T12:00:00.000Z' },
  counts: { 'app.bsky.feed.post': 4, 'app.bsky.feed.like': 7 },
  tally: { 'post.text': 3, 'post.alt': 1, like: 7 },
  attributes: { voice: 4, clarity: 20, warmth: 4, echo: 1 },
  updatedAt: '2026-01-28T11:59:58.000Z',
}

export const Character = named(
  'Character',
  Type.Object(
    {
      did: Type.String(),
      handle: nullable(Type.String()),
      displayName: nullable(Type.String()),
      avatar: nullable(Type.String()),
      title: Type.String(),
      leveling: Leveling,
      rank: Rank,
      counts: Type.Record(Type.String(), Type.Integer(), { description: 'live records by collection' }),
      tally: Type.Record(Type.String(), Type.Integer(), {
        description: 'live records by the reason for their XP',
      }),
      attributes: Attributes,
      updatedAt: time('when the last event was witnessed'),
    },
    { examples: [CHARACTER] },
  ),
)

const LEDGER_EVENT = {
  uri: Type.String({ description: 'URI of the record' }),
  type: Type.String({ description: "the record's collection" }),
  cause: Type.Enum(['create', 'update', 'delete', 'subject', 'sync', 'baseline', 'recompute', 'import']),
  reason: Type.String({ description: 'why the record is, or was, worth its XP: post.alt, like, …' }),
  note: Type.String({ description: 'the same in words' }),
  delta: Type.Integer({ description: 'XP' }),
  at: time('when the cause was witnessed'),
  rules: Type.Integer({ description: 'the version of the rules that awarded it; /v1/rules lists them' }),
  leveling: Leveling,
}

const EVENT = {
  uri: 'at://did:plc:alicealicealicealicealic/app.bsky.feed.post/3mdjzqxtyk227',
  type: 'app.bsky.feed.post',
  cause: 'create',
  reason: 'post.alt',
  note: 'counts as post.alt',
  delta: 70,
  at: '2026-01-28T11:59:58.000Z',
  rules: 1,
  leveling: CHARACTER.leveling,
}

export const Insights = named('Insights', InsightsObject)

export const LedgerEvent = named('LedgerEvent', Type.Object(LEDGER_EVENT, { examples: [EVENT] }))

/** An event, with the person whose it is. */
const FollowedEvent = named(
  'FollowedEvent',
  Type.Object({ did: Type.String({ description: 'whose event it is' }), ...LEDGER_EVENT }),
)

const cursor = nullable(
  Type.String({ description: 'pass it as `cursor` for the next page; null on the last page' }),
)

export const EventList = named('EventList', Type.Object({ items: Type.Array(LedgerEvent), cursor }))
export const CharacterList = named(
  'CharacterList',
  Type.Object({
    items: Type.Array(Character, {
      description: 'each person once, in the order of the request',
    }),
    cursor: Type.Null(),
    asked: Type.Array(
      Type.Object({
        name: Type.String({ description: 'the name as requested' }),
        outcome: Type.Enum(['known', 'unknown', 'notAName', 'unavailable'], {
          description:
            'known: in `items`; unknown: no character here; notAName: neither a DID nor a handle; unavailable: the network did not answer in time, or the rate limit is used up; ask again',
        }),
        did: nullable(Type.String({ description: 'the DID, if this server knows the person' })),
      }),
      { description: 'the result for each requested name' },
    ),
  }),
)
export const FollowedEvents = named(
  'FollowedEvents',
  Type.Object({
    items: Type.Array(FollowedEvent, { description: 'in a stable order' }),
    cursor: Type.String({ description: 'pass it as `after` for the next events' }),
    missed: Type.Boolean({ description: 'true if events after the cursor are no longer kept' }),
  }),
)
export const Board = named(
  'Board',
  Type.Object({
    items: Type.Array(Type.Object({ rank: Type.Integer(), character: Character })),
    cursor,
  }),
)

export const SuggestionList = named(
  'SuggestionList',
  Type.Object({
    items: Type.Array(
      Type.Object({
        did: Type.String(),
        handle: nullable(Type.String()),
        displayName: nullable(Type.String()),
        level: Type.Union([
          Type.Integer(),
          Type.Null({ description: 'somebody on the network who is no character here' }),
        ]),
        title: nullable(Type.String()),
      }),
    ),
    cursor: Type.Null(),
  }),
)

export const LevelUpList = named(
  'LevelUpList',
  Type.Object({
    items: Type.Array(
      Type.Object({
        character: Character,
        level: Type.Integer({ description: 'the level that was reached' }),
        levelsGained: Type.Integer(),
        at: time('when the event was witnessed that brought it'),
      }),
      { description: 'newest first' },
    ),
    cursor: Type.Null(),
  }),
)

const day = (description: string) => Type.String({ format: 'date', description })

export const PeriodBoard = named(
  'PeriodBoard',
  Type.Object({
    board: Type.Enum(['week', 'month', 'described']),
    period: Type.String({ description: 'as in the parameter', examples: ['2026-W48', '2026-11'] }),
    from: day('the first day of the period, UTC'),
    to: day('its last day'),
    running: Type.Boolean({ description: 'false once the period is over; deletions may still change it' }),
    entries: Type.Array(
      Type.Object({
        rank: Type.Integer({ description: '1 + the number of characters with more' }),
        earned: Type.Integer({ description: 'what counts on this board' }),
        character: Character,
      }),
    ),
    cursor,
  }),
)

export const Import = named(
  'Import',
  Type.Object(
    {
      did: Type.String(),
      state: Type.Enum(['queued', 'running', 'done', 'refused', 'cancelled']),
      records: Type.Integer({ description: 'records that are counted so far' }),
      of: Type.Union([Type.Integer(), Type.Null()], {
        description: 'records that the repository has, once that is known',
      }),
      reason: Type.Union(
        [Type.Enum(['not-possible', 'unreadable', 'too-large', 'unreachable']), Type.Null()],
        { description: 'why it is refused, or has to be tried again' },
      ),
      detail: Type.Union([Type.String(), Type.Null()], { description: 'the reason in words' }),
    },
    {
      examples: [
        {
          did: 'did:plc:alicealicealicealicealic',
          state: 'running',
          records: 3_412,
          of: 6_000,
          reason: null,
          detail: null,
        },
      ],
    },
  ),
)

export const Levels = named(
  'Levels',
  Type.Object({
    characters: Type.Integer({ description: 'characters shown' }),
    asOf: time('levels are counted every so often, together with ranks'),
    bands: Type.Array(
      Type.Object({
        from: Type.Integer({ description: 'the lowest level of the band' }),
        to: Type.Integer({ description: 'its highest level' }),
        title: Type.String({ description: 'the title at its lowest level' }),
        characters: Type.Integer(),
      }),
      {
        description:
          'levels with the same first digit are counted together; bands without a character are left out',
      },
    ),
    own: Type.Union([
      Type.Object({
        did: Type.String(),
        level: Type.Integer(),
        rank: Rank,
        ahead: Type.Integer({ minimum: 0, maximum: 100, description: 'percent of characters with less XP' }),
      }),
      Type.Null({ description: 'no `actor` was named' }),
    ]),
  }),
)
