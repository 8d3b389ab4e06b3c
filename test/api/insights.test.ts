import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alice, bob, build, NOW, nobody, SECOND } from './harness.ts'

const DAY = 86_400
const TODAY = Math.floor(NOW / SECOND / DAY)

test('insights are told from days and the latest events', async () => {
  await using here = await build()
  const counts = new Map([
    ['post.alt', 1],
    ['post.media', 1],
    ['like', 2],
  ])
  here.ledger
    .join(alice)
    .earn(alice, { delta: 60, reason: 'post.media', at: NOW - SECOND })
    .earn(alice, { delta: 70, reason: 'post.alt', at: NOW })
    .tell(alice, { day: TODAY, experience: 150, claimed: 0, counts })
  const answer = await here.get(`/v1/characters/${alice}/insights`)
  assert.equal(answer.statusCode, 200)
  const { did, today, described, undescribed, streak, days, kinds, hoursOver } = answer.json()
  assert.deepEqual([did, today], [alice, '2023-11-14'])
  assert.deepEqual(described.ever, { described: 1, media: 2 })
  assert.deepEqual(
    undescribed.map(({ uri, experience, wouldHaveEarned }: Record<string, unknown>) => [
      uri,
      experience,
      wouldHaveEarned,
    ]),
    [[`at://${alice}/app.bsky.feed.post/record-0`, 60, 70]],
  )
  assert.equal(streak.current, 1)
  assert.deepEqual(days, [
    { date: '2023-11-14', experience: 150, claimed: 0, counts: Object.fromEntries(counts) },
  ])
  assert.deepEqual([kinds, hoursOver], [{ post: 2, like: 2 }, 2])
  const { etag, 'cache-control': cached } = answer.headers
  assert.equal(cached, 'public, max-age=5')
  const again = await here.get(`/v1/characters/${alice}/insights`, { 'if-none-match': String(etag) })
  assert.equal(again.statusCode, 304)
})

test('somebody hidden is answered exactly as somebody unknown', async () => {
  await using here = await build()
  here.ledger.join(bob).earn(bob, { delta: 50 }).hide(bob)
  const [hidden, unknown] = [
    await here.get(`/v1/characters/${bob}/insights`),
    await here.get(`/v1/characters/${nobody}/insights`),
  ]
  assert.equal(hidden.statusCode, 404)
  assert.deepEqual([hidden.statusCode, hidden.body], [unknown.statusCode, unknown.body])
})

test('of many events only the latest are read', async () => {
  await using here = await build()
  here.ledger.join(alice)
  for (let n = 0; n < 1_000; n++) here.ledger.earn(alice, { delta: 1, reason: 'post.media' })
  const { hoursOver, hours } = (await here.get(`/v1/characters/${alice}/insights`)).json()
  assert.deepEqual([hoursOver, hours.reduce((sum: number, xp: number) => sum + xp, 0)], [300, 300])
})
