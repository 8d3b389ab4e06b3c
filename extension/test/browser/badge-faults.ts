// Badges where the server or the background fails, or says something else than before.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { until } from '../../../test/e2e/harness.ts'
import { hiding, lying } from './answers.ts'
import { breakStorage, clock } from './background.ts'
import type { Fault } from './relay.ts'
import {
  feedOf,
  idle,
  type Known,
  markedAre,
  marksOf,
  mixedOf,
  OURS,
  type Surroundings,
  scrollThrough,
} from './suite.ts'

const FAULTS: [what: string, fault: Fault][] = [
  ['is dead', () => 'break'],
  ['is slow', () => 'hang'],
  ['wants no more requests', () => ({ status: 429, headers: { 'retry-after': '60' } })],
  ['fails', () => ({ status: 500, body: 'no' })],
  ['answers with something else', () => ({ status: 200, body: '<h1>It works!</h1>' })],
  ['answers with an endless list', () => ({ status: 200, body: `[${'0,'.repeat(2_000_000)}0]` })],
  ['claims levels of a billion', (path) => lying(path, {}, { level: 1e9 })],
]

/** @param surroundings once they have started */
export function testBadgeFaults(surroundings: () => Surroundings): void {
  let all: Surroundings
  let mixed: ReturnType<typeof mixedOf>

  before(() => {
    all = surroundings()
    mixed = mixedOf(all)
  })

  for (const [what, fault] of FAULTS) {
    test(`leave the page untouched and ask seldom while the server ${what}`, async () => {
      const prepare = (relay: { fault: Fault }): void => {
        relay.fault = fault
      }
      await all.opened('/', { people: all.shown.slice(0, 60), plain: true, prepare }, async (page, relay) => {
        await until('it was asked', () => relay.asked.length > 0)
        await scrollThrough(page)
        await idle(page)
        assert.equal(await page.locator(OURS).count(), 0)
        assert.ok(relay.asked.length < 6, `${relay.asked.length} requests`)
      })
    })
  }

  test('come back when a server that wanted a pause may be asked again', async () => {
    const prepare = (relay: { fault: Fault }): void => {
      relay.fault = () => ({ status: 429, headers: { 'retry-after': '2' } })
    }
    await all.opened('/', { people: mixed, prepare }, async (page, relay) => {
      await until('it was asked', () => relay.asked.length > 0)
      relay.fault = () => 'pass'
      await markedAre(page, feedOf(mixed))
      const times = relay.asked.map(({ at }) => at)
      assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 1_900, `${times}`)
    })
  })

  test('come once the background can answer, where it could not at first', async () => {
    await using broken = await breakStorage(all.extension.worker)
    await all.opened('/', { people: mixed }, async (page) => {
      await until('the background failed', async () => (await broken.failures()) > 0)
      await broken[Symbol.asyncDispose]()
      await markedAre(page, feedOf(mixed))
    })
  })

  test('go soon, with the panel, where they came from an older answer and the person has hidden', async () => {
    const [person] = all.shown as [Known]
    await using time = await clock(all.extension.worker)
    await all.opened('/', { people: [person] }, async (page, relay) => {
      await markedAre(page, marksOf(person))
      await time.setAhead(61_000)
      const gate = Promise.withResolvers<void>()
      relay.gate = gate.promise
      relay.fault = hiding
      const feed = await all.extension.open('/', { people: [person] }, 800)
      const profile = await all.extension.open(`/profile/${person.handle}`, { people: [person] }, 800)
      await markedAre(feed, marksOf(person))
      await profile.locator('.bsky-rpg-panel').waitFor()
      gate.resolve()
      await markedAre(feed, [])
      await profile.locator('.bsky-rpg-panel').waitFor({ state: 'detached' })
      await Promise.all([feed.close(), profile.close()])
    })
  })
}
