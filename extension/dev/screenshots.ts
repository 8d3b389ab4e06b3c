// Pictures of every part in each theme, at the widths of a phone and of a laptop: `npm run screenshots -- folder`. They are to be
// looked at; nothing compares them. The people on them are simulated.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { findChromium } from '../../test/web/chromium.ts'
import { BADGE, type OpenOptions, Surroundings } from '../test/browser/suite.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: npm run screenshots -- <folder>')
mkdirSync(folder, { recursive: true })

await using all = await Surroundings.start(findChromium())
const people = all.shown.slice(0, 40)
const own = people[0]?.handle ?? ''
const other = people[3]?.handle ?? ''
const images = [
  { id: 1, described: true },
  { id: 2, described: false },
]

type Shot = [name: string, path: string, options: Partial<OpenOptions>, ready: (page: Page) => Promise<void>]
const SHOTS: Shot[] = [
  [
    'feed',
    '/',
    {},
    (page) =>
      page
        .locator(BADGE)
        .first()
        .hover()
        .then(() => page.getByRole('tooltip').waitFor()),
  ],
  ['search', '/search', {}, (page) => page.locator(BADGE).first().waitFor()],
  ['notifications', '/notifications', {}, (page) => page.locator(BADGE).first().waitFor()],
  ['profile', `/profile/${other}`, {}, (page) => page.locator('.bsky-rpg-week:not(:empty)').waitFor()],
  ['own-profile', `/profile/${own}`, {}, openParts],
  ['composer', '/', { composer: { images } }, (page) => page.getByText('How to write one').click()],
]
const pathOf = (...parts: (string | number)[]): string => join(folder, `${parts.join('-')}.png`)

for (const width of [390, 800]) {
  for (const theme of ['light', 'dim', 'dark'] as const) {
    for (const [name, path, options, ready] of SHOTS) {
      await all.opened(path, { people, own, theme, width, ...options }, async (page) => {
        await ready(page)
        await page.screenshot({ path: pathOf(name, theme, width) })
      })
    }
  }
  for (const colorScheme of ['light', 'dark'] as const) {
    await all.extension.configure({ server: all.network.url, self: own })
    for (const name of ['popup', 'options'] as const) {
      const page = await all.extension.openOwn(name)
      await page.setViewportSize({ width: name === 'popup' ? 400 : width, height: 900 })
      await page.emulateMedia({ colorScheme })
      if (name === 'popup') await page.locator('.bsky-rpg-entries li').first().waitFor()
      else
        await page
          .getByRole('button', { name: 'Test and use' })
          .click()
          .then(() => page.getByText('It is in use now.').waitFor())
      await page.screenshot({ path: pathOf(name, colorScheme, width), fullPage: true })
      await page.close()
    }
  }
}

async function openParts(page: Page): Promise<void> {
  await page.getByText('How to grow').click()
  await page.getByText('What happened').click()
  await page.locator('.bsky-rpg-entries li').first().waitFor()
  await page.locator('.bsky-rpg-growth').waitFor()
}
