// What is asked for badges, how often, and when nothing is.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { until } from '../../../test/e2e/harness.ts'
import { noteRequests } from './background.ts'
import {
  BADGE,
  feedOf,
  idle,
  marked,
  markedAre,
  mixedOf,
  OURS,
  type Surroundings,
  scrollThrough,
} from './suite.ts'

/** @param surroundings once they have started */
export function testBadgeRequests(surroundings: () => Surroundings): void {
  let all: Surroundings
  let mixed: ReturnType<typeof mixedOf>

  before(() => {
    all = surroundings()
    mixed = mixedOf(all)
  })

  test('ask fewer than ten times for 500 posts by 500 people, and mark every one', async () => {
    const people = all.shown.slice(0, 500)
    const sent = await noteRequests(all.extension.worker)
    await all.opened('/', { people: [...people], plain: true }, async (page, relay) => {
      await scrollThrough(page)
      await until('everybody is marked', async () => (await page.locator(BADGE).count()) === people.length)
      assert.deepEqual(
        await marked(page),
        people.map(({ name, level }) => [name, String(level)]),
      )
      assert.ok(relay.batches.length < 10, `${relay.batches.length} requests`)
      const times = (await sent()).flatMap(({ url, at }) => (url.includes('/v1/characters?') ? [at] : []))
      assert.equal(times.length, relay.batches.length)
      for (const [n, at] of times.slice(1).entries()) {
        // Each is noted some milliseconds after it is sent on a busy machine: the pause itself is 250.
        assert.ok(at - (times[n] ?? 0) >= 240, `${at - (times[n] ?? 0)} ms between two requests`)
      }
    })
  })

  test('look up only who was on screen', async () => {
    await all.opened('/', { people: all.shown.slice(0, 200), plain: true }, async (page, relay) => {
      await page.waitForSelector(BADGE)
      const names = relay.batches.flatMap(({ path }) => path.split('=')[1]?.split(',') ?? [])
      assert.ok(names.length >= 8 && names.length <= 20, `${names.length} names`)
    })
  })

  test('ask nothing before a server is chosen, and nothing when they are switched off', async () => {
    await all.opened('/', { people: mixed, settings: { server: '' } }, async (page, relay) => {
      await page.waitForSelector('a[href^="/profile/"]')
      await idle(page)
      assert.deepEqual([await page.locator(OURS).count(), relay.asked.length], [0, 0])
    })
    await all.opened('/', { people: mixed, settings: { badges: false } }, async (page, relay) => {
      await page.waitForSelector('a[href^="/profile/"]')
      await idle(page)
      assert.deepEqual([await page.locator(OURS).count(), relay.asked.length], [0, 0])
    })
  })

  test('come and go with the switch in the settings, without a reload', async () => {
    await all.opened('/', { people: mixed }, async (page, relay) => {
      await markedAre(page, feedOf(mixed))
      await all.extension.change({ server: relay.url, badges: false })
      await markedAre(page, [])
      await all.extension.change({ server: relay.url, badges: true })
      await markedAre(page, feedOf(mixed))
    })
  })

  test('are revalidated by ETag', async () => {
    const people = all.shown.slice(0, 5)
    await all.opened('/', { people }, async (page, relay) => {
      await markedAre(page, feedOf(people))
      // Another server in between, and what was known of this one is forgotten.
      await all.extension.change({ server: all.network.url })
      await markedAre(page, feedOf(people))
      await all.extension.configure({ server: relay.url })
      await until('it is asked again', () => relay.batches.length === 2)
      assert.deepEqual(
        relay.batches.map(({ revalidated }) => revalidated),
        [false, true],
      )
    })
  })

  test('work on a fork only where the person permits it', async () => {
    await all.opened('/', { people: mixed, host: 'blacksky.community' }, async (page, relay) => {
      await page.waitForSelector('a[href^="/profile/"]')
      await idle(page)
      assert.deepEqual([await page.locator(OURS).count(), relay.asked.length], [0, 0])
    })
  })
}
