// What badges cost the page.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { CDPSession } from 'playwright-core'
import { until } from '../../../test/e2e/harness.ts'
import { profileOf } from './profile.ts'
import { BADGE, type Surroundings, scrollThrough } from './suite.ts'

/** How long a busy machine may take to finish what the page does after the last navigation. */
const SETTLES_MS = 30_000

/** @param surroundings once they have started */
export function testBadgeCosts(surroundings: () => Surroundings): void {
  let all: Surroundings

  before(() => {
    all = surroundings()
  })

  test('leave no nodes and listeners behind after 50 navigations', async () => {
    await all.opened('/', { people: all.shown.slice(0, 20) }, async (page) => {
      const cdp = await page.context().newCDPSession(page)
      await cdp.send('Performance.enable')
      const around = async (times: number): Promise<void> => {
        for (let n = 0; n < times; n++) {
          const to = n % 2 === 0 ? '/notifications' : `/profile/${all.shown[n % 20]?.handle}`
          await page.evaluate((path) => window.navigate(path), to)
          await page.locator(`${BADGE}:visible`).first().waitFor()
          await page.evaluate(() => window.back())
        }
      }
      await around(10)
      const before = await countsOf(cdp)
      await around(50)
      let after = before
      // What a task that is under way still holds goes with a later collection; what leaks never does.
      await until(
        'nothing is left behind',
        async () => {
          after = await countsOf(cdp)
          return after.nodes - before.nodes < 100 && after.listeners - before.listeners < 20
        },
        SETTLES_MS,
        500,
      ).catch((error: unknown) => {
        throw new Error(`${JSON.stringify(before)} became ${JSON.stringify(after)}`, { cause: error })
      })
    })
  })

  test('take less than 50 ms of the main thread for 100 posts', async () => {
    await all.opened('/', { people: all.shown.slice(0, 500), plain: true }, async (page) => {
      const ms = await profileOf(page, async () => {
        await page.reload()
        await scrollThrough(page)
        await until('everybody is marked', async () => (await page.locator(BADGE).count()) === 500)
      })
      assert.ok(ms / 5 < 50, `${ms / 5} ms for 100 posts`)
    })
  })
}

async function countsOf(cdp: CDPSession): Promise<{ nodes: number; listeners: number }> {
  await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  const value = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? 0
  return { nodes: value('Nodes'), listeners: value('JSEventListeners') }
}
