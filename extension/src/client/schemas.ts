// What the server's answers have to look like. Any server can be configured, so nothing it says is believed unseen: an answer that
// does not fit is dropped as a whole, a character that does not fit on its own.
import * as v from 'valibot'

/** The highest level that the game has. */
const MAX_LEVEL = 100_000

const text = (maxLength: number) => v.pipe(v.string(), v.maxLength(maxLength))
const whole = v.pipe(v.number(), v.safeInteger())
const count = v.pipe(whole, v.minValue(0))
const attribute = v.pipe(whole, v.minValue(1), v.maxValue(20))
const isoTime = v.pipe(
  text(40),
  v.check((at) => !Number.isNaN(Date.parse(at))),
)
const isoDate = v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}$/))
const title = v.pipe(text(60), v.nonEmpty())
const did = v.pipe(text(2_048), v.regex(/^did:[a-z]+:[\w.:%-]+$/))
const handle = v.pipe(text(253), v.regex(/^[a-z0-9.-]+\.[a-z0-9-]+$/i))
/** Tables whose keys the server chooses. */
const counts = v.record(text(200), count)

export const Character = v.object({
  did,
  handle: v.nullable(handle),
  displayName: v.nullable(text(2_560)),
  title,
  leveling: v.object({
    level: v.pipe(whole, v.minValue(1), v.maxValue(MAX_LEVEL)),
    experience: count,
    experienceToNextLevel: count,
    progressPercentage: v.pipe(whole, v.minValue(0), v.maxValue(100)),
  }),
  rank: v.nullable(v.object({ position: count, of: count })),
  attributes: v.object({ voice: attribute, clarity: attribute, warmth: attribute, echo: attribute }),
})

/** The items of a list are checked one by one. */
export const CharacterList = v.object({
  items: v.pipe(v.array(v.unknown()), v.maxLength(100)),
  asked: v.pipe(
    v.array(
      v.object({
        name: text(2_100),
        outcome: v.picklist(['known', 'unknown', 'notAName', 'unavailable']),
        did: v.nullable(did),
      }),
    ),
    v.maxLength(100),
  ),
})

export const Rules = v.object({
  points: v.record(text(200), whole),
  awards: v.array(v.object({ reason: text(200), experience: whole, name: text(200) })),
  titles: v.pipe(v.array(v.object({ level: count, title })), v.maxLength(1_000)),
  collections: v.pipe(v.array(text(320)), v.maxLength(50)),
})

const Described = v.object({ described: count, media: count })
const Ahead = v.object({ level: count, missing: whole, at: v.nullable(isoDate) })

export const Insights = v.object({
  today: isoDate,
  described: v.object({ last30Days: Described, ever: Described }),
  undescribed: v.array(
    v.object({ uri: text(8_192), at: isoTime, experience: whole, wouldHaveEarned: whole }),
  ),
  streak: v.object({ current: count, longest: count, activeOf28: count }),
  days: v.pipe(v.array(v.object({ date: isoDate, experience: whole, counts })), v.maxLength(400)),
  pace: v.object({
    nextLevel: v.nullable(Ahead),
    nextTitle: v.nullable(v.object({ ...Ahead.entries, title })),
  }),
})

export const LedgerEvent = v.object({
  uri: text(8_192),
  type: text(320),
  cause: text(40),
  reason: text(200),
  delta: whole,
  at: isoTime,
})

export const EventList = v.object({
  items: v.pipe(v.array(LedgerEvent), v.maxLength(100)),
  cursor: v.nullable(text(8_192)),
})

export const LevelUpList = v.object({
  items: v.pipe(
    v.array(v.object({ character: v.unknown(), level: count, levelsGained: whole, at: isoTime })),
    v.maxLength(500),
  ),
})

export const Stats = v.object({
  characters: count,
  stream: v.object({ lagSeconds: v.nullable(v.number()), connected: v.boolean() }),
})

export const ApiDocument = v.object({ info: v.object({ title: text(200), version: text(60) }) })
