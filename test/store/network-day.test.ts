import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DayTally, NO_DAY } from '../../src/game/days.ts'
import { NetworkDay } from '../../src/store/network-day.ts'

const person = (day: number, counts: Record<string, number>): { running: DayTally } => ({
  running: { ...NO_DAY, day, counts: new Map(Object.entries(counts)) },
})
const nobody = { running: NO_DAY }
const told = ({ day, counts }: NetworkDay) => [day, Object.fromEntries(counts)]

test('the latest day of everybody is the sum of those for whom it runs', () => {
  const today = new NetworkDay(0)
  today.move(nobody, person(7, { like: 1 }))
  today.move(nobody, person(6, { like: 1 }))
  today.move(nobody, person(7, { like: 2, 'post.alt': 1 }))
  assert.deepEqual(told(today), [7, { like: 3, 'post.alt': 1 }])
  today.move(person(7, { like: 2, 'post.alt': 1 }), person(7, { like: 2, 'post.text': 1 }))
  assert.deepEqual(told(today), [7, { like: 3, 'post.text': 1 }])
  today.move(person(6, { like: 1 }), person(7, { like: 1 }))
  assert.deepEqual(told(today), [7, { like: 4, 'post.text': 1 }])
})

test('it begins anew with a later day, and stays where its people are purged', () => {
  const today = new NetworkDay(7, new Map([['like', 3]]))
  today.move(person(7, { like: 3 }), person(8, { 'post.text': 1 }))
  assert.deepEqual(told(today), [8, { 'post.text': 1 }])
  today.move(person(8, { 'post.text': 1 }), nobody)
  assert.deepEqual(told(today), [8, {}])
  today.move(person(7, { like: 3 }), person(7, { like: 4 }))
  assert.deepEqual(told(today), [8, {}])
})
