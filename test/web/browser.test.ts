// The pages in a real Chromium: what people see, with the keyboard, without script, and as it happens.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { ImportNews } from '../../src/api/import-news.ts'
import type { Did, Nsid, RecordKey } from '../../src/atproto/event.ts'
import { dayOf, secondsOf } from '../../src/game/time.ts'
import { alice, bob, build, NOW, nobody, profile, SECOND } from '../api/harness.ts'
import { tid } from '../game/arbitrary.ts'
import { findChromium, startChromium } from './chromium.ts'

const LIKE = 'app.bsky.feed.like' as Nsid
const found = findChromium()
// CI installs Chromium: without it these tests fail there.
const skip = found === undefined && process.env.CI === undefined ? 'no Chromium is installed' : false

/** People whose histories are being imported, or were not. */
const [CAROL, DAVE, ERIN] = ['q', 'r', 's'].map((letter) => `did:plc:${letter.repeat(24)}` as Did) as [
  Did,
  Did,
  Did,
]
const OPEN = { isOpen: true, tries: 0, head: undefined, records: 0, experience: 0 }

const HOSTILE = {
  long: 'Incomprehensibilities-of-a-name-without-any-place-to-break-it-at-all',
  rtl: 'אבגדהוזחטיכלמנסעפצקרשת \u202Eevil',
  emoji: '👩🏽‍🚀'.repeat(64),
  markup: '<img src=x onerror=alert(1)><b>bold</b>',
}

/** A server with people of all kinds, Alice with a ledger of two pages. */
async function populated() {
  const importNews = new ImportNews()
  const server = await build({ importNews })
  const { ledger } = server
  ledger.join(alice, profile('alice.example')).join(bob, profile('bob.example', { displayName: 'Bob' }))
  ledger.earn(alice, { delta: 70, reason: 'post.alt' }).earn(alice, { delta: 60, reason: 'post.media' })
  for (let n = 0; n < 45; n++) {
    ledger.earn(alice, { delta: 10, collection: LIKE, reason: 'like', rkey: `like-${n}` as RecordKey })
  }
  ledger.earn(alice, { delta: -60, cause: 'delete', reason: 'post.media' })
  const today = dayOf(secondsOf(NOW))
  const counts = new Map([
    ['post.alt', 1],
    ['post.media', 1],
    ['like', 5],
  ])
  const days = [300, 200, 40, 2, 1, 0].map((age) => ({
    day: today - age,
    experience: 30 + age,
    claimed: 0,
    counts,
  }))
  ledger.tell(alice, ...days)
  for (const [n, [kind, displayName]] of Object.entries(HOSTILE).entries()) {
    const did = `did:plc:${'fghijk'[n]?.repeat(24)}` as Did
    const handle = kind === 'long' ? `${'long-handle-'.repeat(5)}.example` : `${kind}.example`
    ledger.join(did, profile(handle, { displayName })).earn(did, { delta: 20_000 * (n + 1) })
  }
  ledger.earn(bob, { delta: 400 })
  ledger.cursor = { host: 'stream.example', wire: 'v2', value: 1, at: server.time.now }
  ledger.heartbeat = { at: server.time.now, lag: SECOND, host: 'stream.example' }
  for (const did of [CAROL, DAVE, ERIN]) ledger.imports.set(did, OPEN)
  ledger.join(CAROL, profile('carol.example', { displayName: 'Carol' })).earn(CAROL, { delta: 50 })
  importNews.note(CAROL, { state: 'counting', records: 3_412, of: 6_000 })
  importNews.note(DAVE, { state: 'reading' })
  await server.get(`/v1/characters/${ERIN}/import`)
  ledger.imports.set(ERIN, { ...OPEN, isOpen: false })
  importNews.note(ERIN, { state: 'failed', failure: 'too-large', reason: 'x', again: false })
  ledger.gaps = [{ host: 'stream.example', from: NOW, to: undefined, reason: 'clamped', at: NOW }]
  ledger.bytes = 1_000_000
  const url = await server.app.listen({ port: 0, host: '127.0.0.1' })
  return { ...server, importNews, url }
}

type Server = Awaited<ReturnType<typeof populated>>

const PATHS = [
  '/',
  '/@alice.example',
  '/@emoji.example',
  '/boards',
  '/rules',
  '/about',
  '/help/alt-text',
  '/status',
  '/@nobody.example',
  '/nothing-here',
  '/@carol.example/import',
  `/@${DAVE}/import`,
  `/@${ERIN}/import`,
]

/** Themes and widths; only the contrast of colours depends on the theme. */
const LOOKS = [
  ['light', 1280, undefined],
  ['dark', 1280, ['color-contrast']],
  ['dark', 390, undefined],
  ['light', 390, ['color-contrast']],
] as const

suite('in a browser', { skip, concurrency: false }, () => {
  let browser: Browser
  let server: Server
  before(async () => {
    browser = await startChromium(found ?? assert.fail('CI has to have Chromium: see .ci/run'))
    server = await populated()
  })
  after(async () => {
    await browser.close()
    await server.app.close()
  })

  /** Opens `path` for `work`, which fails on what the page complains of or loads from elsewhere. */
  async function opened(
    path: string,
    options: BrowserContextOptions,
    work: (page: Page) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext(options)
    const complaints: string[] = []
    const page = await context.newPage()
    page.on('console', (message) => {
      const expected = /status of 404/.test(message.text())
      if (message.type() === 'error' && !expected) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url)) complaints.push(`a request to ${request.url()}`)
    })
    await page.goto(server.url + path)
    await work(page)
    await context.close()
    assert.deepEqual(complaints, [])
  }

  for (const path of PATHS) {
    test(`axe finds nothing on ${path} in either theme, on a phone and on a laptop`, async () => {
      await opened(path, { reducedMotion: 'reduce' }, async (page) => {
        for (const [colorScheme, width, rules] of LOOKS) {
          await page.emulateMedia({ colorScheme })
          await page.setViewportSize({ width, height: 900 })
          const axe = new AxeBuilder({ page })
          const { violations } = await (rules === undefined ? axe : axe.withRules([...rules])).analyze()
          const wrong = violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html).slice(0, 3)])
          assert.deepEqual(wrong, [], `${colorScheme}, ${width} px`)
        }
      })
    })

    test(`nothing of ${path} lies beside the window, however wide it is`, async () => {
      await opened(path, {}, async (page) => {
        for (const width of [360, 390, 768, 1280, 1920]) {
          await page.setViewportSize({ width, height: 800 })
          const beside = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
          assert.equal(await page.evaluate(beside), 0, `${width} px`)
        }
      })
    })
  }

  test('the keyboard alone leads from the first page to a sheet', async () => {
    await opened('/', {}, async (page) => {
      await page.keyboard.press('Tab')
      assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to content')
      while ((await page.evaluate('document.activeElement.name')) !== 'actor')
        await page.keyboard.press('Tab')
      await page.keyboard.type('@ALI')
      await page.getByRole('option').first().waitFor()
      assert.equal(await page.getByRole('combobox').getAttribute('aria-expanded'), 'true')
      await page.keyboard.press('ArrowDown')
      assert.equal(await page.locator('[aria-selected="true"]').count(), 1)
      await page.keyboard.press('Escape')
      assert.equal(await page.getByRole('option').count(), 0)
      await page.keyboard.type('c')
      await page.getByRole('option').first().waitFor()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await page.waitForURL(`${server.url}/@alice.example`)
      const older = page.getByRole('link', { name: 'Older entries' })
      while (!(await older.evaluate((link) => link.ownerDocument.activeElement === link)))
        await page.keyboard.press('Tab')
      const outline = await older.evaluate(
        (link) => link.ownerDocument.defaultView?.getComputedStyle(link).outlineStyle,
      )
      assert.equal(outline, 'solid', 'it shows where the keyboard is')
      await page.keyboard.press('Enter')
      await page.waitForURL(/cursor=/)
    })
  })

  test('everything but what is live works without script', async () => {
    await opened('/', { javaScriptEnabled: false }, async (page) => {
      assert.equal(await page.locator('[data-live] li').count(), 6)
      await page.getByRole('searchbox').or(page.locator('input[name=actor]')).fill('ALICE.example')
      await page.getByRole('button', { name: 'Look up' }).click()
      await page.waitForURL(`${server.url}/@alice.example`)
      await page.getByRole('link', { name: 'Older entries' }).click()
      await page.waitForURL(/cursor=/)
      assert.equal(await page.locator('.ledger .plus').count(), 8)
      await page.getByRole('link', { name: 'Newest entries' }).click()
      await page.getByRole('link', { name: 'Likes' }).click()
      await page.waitForURL(/type=app\.bsky\.feed\.like/)
      assert.equal(await page.locator('.ledger .plus').count(), 40)
    })
  })

  test('the status page is reached from every page and draws its charts without script', async () => {
    await opened('/', { javaScriptEnabled: false }, async (page) => {
      await page.getByRole('link', { name: 'Status' }).click()
      await page.waitForURL(`${server.url}/status`)
      const charts = page.getByRole('img', { name: /over the last day/ })
      // Entries a minute and retries are not known in this server.
      assert.equal(await charts.count(), 2)
      for (const chart of await charts.all()) {
        const box = await chart.boundingBox()
        assert.ok(box !== null && box.width > 200 && box.height > 80)
      }
      assert.equal(await page.getByRole('row').count(), 2)
    })
  })

  test('level-ups arrive as they happen', async () => {
    await opened('/', {}, async (page) => {
      await page.locator('.pulse.on').waitFor()
      server.ledger.earn(bob, { delta: 5_000 })
      const first = page.locator('[data-live] li').first()
      await first.getByText('level 54').waitFor()
      assert.match(await first.innerText(), /Bob reached level 54 and is a Bard now/)
      assert.match(await first.innerHTML(), /class="face tier-4"/)
    })
  })

  test('a history is counted before your eyes, and then there is the sheet', async () => {
    const { ledger, importNews } = server
    await opened(`/@${nobody}`, {}, async (page) => {
      await page.getByRole('button', { name: 'Count the whole history' }).click()
      await page.waitForURL(`${server.url}/@${nobody}/import`)
      await page.getByText('Waiting for its turn').waitFor()
      ledger.imports.set(nobody, OPEN)
      importNews.note(nobody, { state: 'reading' })
      await page.getByText('Reading the repository').waitFor()
      ledger.join(nobody, profile('nobody.example', { displayName: 'Somebody' })).earn(nobody, { delta: 900 })
      importNews.note(nobody, { state: 'counting', records: 3_412, of: 6_000 })
      await page.getByText('3,412 of 6,000 records so far').waitFor()
      assert.equal(await page.getByRole('progressbar').getAttribute('value'), '0.569')
      assert.match(await page.title(), /^3,412 of 6,000/)
      ledger.imports.set(nobody, { ...OPEN, isOpen: false, head: tid(5), records: 6_000 })
      importNews.note(nobody, { state: 'imported', records: 6_000, experience: 900 })
      await page.waitForURL(`${server.url}/@nobody.example`)
      assert.equal(await page.locator('h1').innerText(), 'Somebody')
    })
    ledger.people.delete(nobody)
    ledger.imports.delete(nobody)
  })

  test('and without script the page looks again by itself', async () => {
    const { ledger, importNews } = server
    await opened('/@carol.example', { javaScriptEnabled: false }, async (page) => {
      await page.getByRole('button', { name: 'Count the whole history' }).click()
      await page.waitForURL(`${server.url}/@carol.example/import`)
      await page.getByText('3,412 of 6,000 records so far').waitFor()
      importNews.note(CAROL, { state: 'counting', records: 5_000, of: 6_000 })
      await page.getByText('5,000 of 6,000 records so far').waitFor()
      ledger.imports.set(CAROL, { ...OPEN, isOpen: false, head: tid(5), records: 6_000 })
      await page.waitForURL(`${server.url}/@carol.example`)
    })
    ledger.imports.set(CAROL, OPEN)
  })

  test('names with markup stay names, and names from right to left keep to themselves', async () => {
    await opened('/@markup.example', {}, async (page) => {
      assert.equal(await page.locator('h1').innerText(), HOSTILE.markup)
      assert.equal(await page.locator('h1 b, h1 img').count(), 0)
    })
    await opened('/boards', {}, async (page) => {
      const name = page.getByRole('link', { name: /אבג/ })
      assert.equal(await name.innerText(), HOSTILE.rtl.replace('\u202E', '').replace(/\s+/, ' '))
      assert.equal(
        await name
          .locator('bdi')
          .evaluate((name) => name.ownerDocument.defaultView?.getComputedStyle(name).direction),
        'rtl',
      )
    })
  })
})
