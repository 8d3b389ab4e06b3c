// The built extension in a real Firefox: that it starts, and that badges and a panel come.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { suite, test } from 'node:test'
import puppeteer, { type Browser, type Page } from 'puppeteer-core'
import { until } from '../../../test/e2e/harness.ts'
import { buildPage } from '../page/build.ts'
import { built } from './built.ts'
import { CSP, type PageOptions, pageOf, SCRIPT } from './page-at.ts'
import { world } from './world.ts'

const PLACES = [
  '/usr/bin/firefox-esr',
  '/usr/bin/firefox',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
]
const found = PLACES.find((path) => existsSync(path))
// CI installs Firefox: without it these tests fail there.
const skip = found === undefined && process.env.CI === undefined ? 'no Firefox is installed' : false

suite('in Firefox', { skip, concurrency: false }, () => {
  test('badges and the panel of one’s own profile come to the page', async () => {
    const executablePath = found ?? assert.fail('CI has to have Firefox: see .ci/run')
    await using network = await world()
    // WebDriver may not open the settings, so the server is preset.
    const [folder, script] = await Promise.all([built('firefox', network.url), buildPage()])
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath,
      headless: true,
      enableExtensions: true,
      protocolTimeout: 60_000,
      timeout: 90_000,
    })
    try {
      await browser.installExtension(folder)
      const people = network.shown.slice(0, 6)
      const page = await open(browser, '/', { people }, script)
      const levels = (): Promise<(string | null)[]> =>
        page.$$eval('[data-testid^="feedItem-by-"] a + .bsky-rpg-badge', (all) =>
          all.map((badge) => badge.textContent),
        )
      await until('everybody is marked', async () => (await levels()).length === people.length)
      assert.deepEqual(
        await levels(),
        people.map(({ level }) => String(level)),
      )
      await page.close()

      const own = people[0]?.handle ?? ''
      const profile = await open(browser, `/profile/${own}`, { people, own }, script)
      await profile.waitForSelector('.bsky-rpg-panel details')
      const text = await profile.$eval('.bsky-rpg-panel', (panel) => panel.textContent)
      assert.match(text ?? '', /XP · \d+ to level \d+/)
      await profile.close()
    } finally {
      await browser.close()
    }
  })
})

async function open(browser: Browser, path: string, options: PageOptions, script: string): Promise<Page> {
  const page = await browser.newPage()
  await page.setRequestInterception(true)
  page.on('request', (request) => {
    const { origin, pathname } = new URL(request.url())
    if (origin !== 'https://bsky.app') return void request.continue()
    const headers = { 'content-security-policy': CSP }
    if (pathname === SCRIPT) return void request.respond({ contentType: 'text/javascript', body: script })
    return void request.respond({ contentType: 'text/html', headers, body: pageOf(options) })
  })
  await page.goto(`https://bsky.app${path}`, { timeout: 30_000 })
  return page
}
