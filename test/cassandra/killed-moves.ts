import { test } from 'node:test'
import { ALL_DAYS } from '../../src/game/time.ts'
import { dayPlace, isDayPlace } from '../../src/store/day-index.ts'
import { MovedLedger } from '../e2e/killed-move.ts'
import { LIKE, POST } from '../game/arbitrary.ts'
import { type Places, urlOf } from './places.ts'

/** Moves somebody in parts, by key and by day, while the worker is killed; `places` is for this test alone. */
export function testKilledMoves(places: Places): void {
  test('a worker that is killed while it moves somebody by key, or by day, leaves a ledger as if counted anew', async () => {
    await using here = await places.place()
    await using store = await here.open()
    const client = await places.connected()
    await using ledger = await MovedLedger.begin({
      store,
      ledger: urlOf(places.address),
      flags: ['--shards', String(places.shards)],
      days: 4,
      likes: 1_000,
      posts: 400,
      place: async () => {
        const { rows } = await client.execute(`SELECT move_part FROM ${places.address.keyspace}.books`)
        const part = rows.find(({ move_part }) => move_part !== null)?.move_part
        return part === undefined ? undefined : JSON.parse(part).from
      },
    })
    const points = { like: 7 }
    await ledger.move({ points }, 1, (place) => !isDayPlace(place))
    await ledger.move({ points, caps: { [POST]: 320, [LIKE]: 95 } }, 1, isCounting)
    await ledger.assertCountedAnew()
  })
}

/** Whether all days have been read, and the latest has been counted. */
function isCounting(place: string): boolean {
  return isDayPlace(place) && place !== dayPlace(ALL_DAYS.last)
}
