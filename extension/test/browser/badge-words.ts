// What a badge says: its level, more of it in a box beside it, and a new level.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { answered } from '../client/sample.ts'
import { lying } from './answers.ts'
import type { Fault } from './relay.ts'
import { BADGE, feedOf, type Known, markedAre, OURS, type Surroundings } from './suite.ts'

/** @param surroundings once they have started */
export function testBadgeWords(surroundings: () => Surroundings): void {
  let all: Surroundings

  before(() => {
    all = surroundings()
  })

  test('say what they stand for, to the pointer, to the keyboard and to screen readers', async () => {
    const [first] = all.shown as [Known]
    await all.opened('/', { people: all.shown.slice(0, 3) }, async (page) => {
      const badge = page.locator(BADGE).first()
      await badge.waitFor()
      assert.match((await badge.getAttribute('aria-label')) ?? '', new RegExp(`^Level ${first.level}, \\w+$`))
      await badge.hover()
      const box = page.getByRole('tooltip')
      await box.waitFor()
      assert.match(await box.innerText(), /XP · \d+ to level \d+\s+Rank \d+ of \d+/)
      await page.keyboard.press('Escape')
      await box.waitFor({ state: 'detached' })
      await page.mouse.move(0, 0)
      const link = page.locator(`a[href="/profile/${first.handle}"][dir=auto]`).first()
      await page.keyboard.press('Tab')
      await link.focus()
      await box.waitFor()
      await page.keyboard.press('Tab')
      await box.waitFor({ state: 'detached' })
    })
  })

  test('show markup in a title as text', async () => {
    const title = '<img src=x onerror=alert(1)><b>bold</b>'
    const prepare = (relay: { fault: Fault }): void => {
      relay.fault = (path) => lying(path, { title })
    }
    await all.opened('/', { people: all.shown.slice(0, 2), prepare }, async (page) => {
      await page.locator(BADGE).first().hover()
      const box = page.getByRole('tooltip')
      await box.waitFor()
      assert.match(await box.innerText(), /<img src=x onerror=alert\(1\)>/)
      assert.equal(await page.locator(`${OURS} img, ${OURS} b b`).count(), 0)
    })
  })

  test('celebrate new levels of people on screen, quietly, and only if switched on', async () => {
    const [a, b] = all.shown as [Known, Known]
    const levelUp = answered({ did: a.did, handle: a.handle, title: 'Herald' }, { level: a.level + 1 })
    const item = { character: levelUp, level: a.level + 1, levelsGained: 1, at: '2026-01-28T11:59:58.000Z' }
    const prepare = (relay: { fault: Fault }): void => {
      relay.fault = (path) =>
        path === '/v1/level-ups'
          ? { status: 200, body: JSON.stringify({ items: [item], cursor: null }) }
          : 'pass'
    }
    await all.opened('/', { people: [a, b], settings: { celebrate: true }, prepare }, async (page, relay) => {
      await page.emulateMedia({ reducedMotion: 'reduce' })
      const raised = page.locator('.bsky-rpg-raised')
      await raised.first().waitFor()
      assert.deepEqual(new Set(await raised.allInnerTexts()), new Set([String(a.level + 1)]))
      const motion = await raised.first().evaluate((leaf) => getComputedStyle(leaf).animationName)
      assert.equal(motion, 'none')
      // What is known of people follows: badges that are made anew do not fall back.
      const asked = relay.batches.length
      await all.extension.change({ server: relay.url, celebrate: false })
      await raised.first().waitFor({ state: 'detached' })
      await markedAre(page, feedOf([{ ...a, level: a.level + 1 }, b]))
      assert.equal(relay.batches.length, asked)
    })
    await all.opened('/', { people: [a, b], prepare }, async (page, relay) => {
      await markedAre(page, feedOf([a, b]))
      assert.ok(relay.asked.every(({ path }) => path !== '/v1/level-ups'))
    })
  })
}
