// The JSON of insights: pages and the extension use this type and nothing else.
import { Type } from 'typebox'

const date = (description: string) => Type.String({ format: 'date', description })
const dateOrNull = (description: string) => Type.Union([date(description), Type.Null()])
const moment = (description: string) => Type.String({ format: 'date-time', description })

const Described = Type.Object({
  described: Type.Integer({ description: 'live posts whose media are all described' }),
  media: Type.Integer({ description: 'live posts with media' }),
})

const AHEAD = {
  level: Type.Integer(),
  missing: Type.Integer({ description: 'XP' }),
  at: dateOrNull('when it comes at this pace; null if that is not within a century'),
}

export const InsightsObject = Type.Object({
  did: Type.String(),
  today: date('the present day, UTC, as all days here'),
  described: Type.Object({ last30Days: Described, ever: Described }),
  undescribed: Type.Array(
    Type.Object({
      uri: Type.String(),
      at: moment('when the post was witnessed'),
      experience: Type.Integer({ description: 'XP of the post' }),
      wouldHaveEarned: Type.Integer({
        description: 'XP of the same post with all media described, before caps',
      }),
    }),
    { description: 'the latest posts whose media are not all described, newest first, 20 at most' },
  ),
  streak: Type.Object({
    current: Type.Integer({ description: 'days in a row with XP, up to today or yesterday' }),
    longest: Type.Integer(),
    lastDay: dateOrNull('the last day with XP'),
    until: Type.Union([moment('the next XP before this moment continues the streak'), Type.Null()]),
    activeOf28: Type.Integer({ description: 'days with XP among the last 28, today included' }),
  }),
  bestWeek: Type.Union([
    Type.Object({ week: Type.String({ examples: ['2026-W48'] }), experience: Type.Integer() }),
    Type.Null(),
  ]),
  days: Type.Array(
    Type.Object({
      date: date('a day on which something counts'),
      experience: Type.Integer({ description: 'XP of live records that were witnessed on the day' }),
      claimed: Type.Integer({
        description: 'XP of live records that came with a repository and claim the day',
      }),
      counts: Type.Record(Type.String(), Type.Integer(), { description: 'live records by reason' }),
    }),
    { description: 'the last 366 days, oldest first, without those on which nothing counts' },
  ),
  hours: Type.Array(Type.Integer(), {
    minItems: 24,
    maxItems: 24,
    description: 'XP by hour of the day, UTC, over the latest records',
  }),
  hoursOver: Type.Integer({ description: 'how many records `hours` goes by' }),
  kinds: Type.Record(Type.String(), Type.Integer(), { description: 'live records by kind: post, like, …' }),
  pace: Type.Object({
    perDay: Type.Number({ description: 'XP a day over the last 28 days, today included' }),
    nextLevel: Type.Union([Type.Object(AHEAD), Type.Null({ description: 'the highest level is reached' })]),
    nextTitle: Type.Union([Type.Object({ ...AHEAD, title: Type.String() }), Type.Null()]),
  }),
})
