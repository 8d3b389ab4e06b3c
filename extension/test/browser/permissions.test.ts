// What the browser itself asks, in a Chromium with a screen: its questions stand outside of all pages, so keys answer them.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { until } from '../../../test/e2e/harness.ts'
import { findChromium } from '../../../test/web/chromium.ts'
import { buildPage } from '../page/build.ts'
import { built } from './built.ts'
import { Extension } from './chromium.ts'
import { canDisplay, type Display, openDisplay } from './display.ts'
import { Relay } from './relay.ts'
import { BADGE, feedOf, idle, type Known, markedAre, OURS } from './suite.ts'
import { type World, world } from './world.ts'

const found = findChromium()
// CI installs both: without them these tests fail there.
const skip =
  (found === undefined || !canDisplay) && process.env.CI === undefined
    ? 'no Chromium, Xvfb or xdotool'
    : false
const LOCAL = 'http://127.0.0.1/*'
const FORK = 'blacksky.community'

suite('what Chromium asks', { skip, concurrency: false }, () => {
  const stack = new AsyncDisposableStack()
  let network: World
  let display: Display
  let extension: Extension
  let people: readonly Known[]

  before(async () => {
    const path = found ?? assert.fail('CI has to have Chromium: see .ci/run')
    assert.ok(canDisplay, 'CI has to have Xvfb and xdotool: see .ci/run')
    network = stack.use(await world())
    people = network.shown.slice(0, 3)
    display = stack.use(await openDisplay())
    const [folder, script] = await Promise.all([built('chrome', { name: 'asking' }), buildPage()])
    extension = stack.use(await Extension.start(path, folder, script, { display: display.name }))
  })
  after(() => stack.disposeAsync())

  /** Answers the question that a click on `asking` brings up: `keys` move to a button, and `last` presses it. */
  async function answer(asking: Locator, keys: string[], last: string): Promise<void> {
    await asking.click()
    await until('the browser asks', () => extension.asks())
    // At first it ignores keys, so that nobody answers it by what they were typing.
    await idle(asking.page())
    if (keys.length > 0) await display.press(...keys)
    await until('the question is gone', async () => {
      await display.press(last)
      // Where it only takes its time to go, a second key would reach the page.
      const isGone = async (): Promise<boolean> => !(await extension.asks())
      return until('it goes', isGone, 2_000).then(
        () => true,
        () => false,
      )
    })
  }
  const refuse = (asking: Locator): Promise<void> => answer(asking, [], 'Escape')
  // The focus is on the button that refuses.
  const allow = (asking: Locator): Promise<void> => answer(asking, ['Tab'], 'Return')

  async function settings(server: string): Promise<Page> {
    const page = await extension.openOwn('options')
    await page.getByLabel('Address').fill(server)
    await page.getByRole('button', { name: 'Test and use' }).click()
    return page
  }

  test('a server that other origins may not read is used once it is permitted, and not before', async () => {
    await using relay = await Relay.start(network.url)
    relay.isClosed = true
    await extension.configure({})
    const page = await settings(relay.url)
    const permit = page.getByRole('button', { name: `Permit access to ${relay.url}` })

    await refuse(permit)
    await page.getByText(`Without the browser's permission ${relay.url} cannot be used.`).waitFor()
    assert.equal((await extension.settings()).server, undefined)
    assert.ok(!(await extension.permitted()).includes(LOCAL))

    await allow(permit)
    await page.getByText('It is in use now.').waitFor()
    assert.equal((await extension.settings()).server, relay.url)
    const bsky = await extension.open('/', { people }, 800)
    await markedAre(bsky, feedOf(people))
    await bsky.close()
    await page.close()

    // What is permitted is not asked for again.
    const again = await settings(relay.url)
    await again.getByText('It is in use now.').waitFor()
    await again.close()
  })

  test('the permission for a server goes back when another server is used', async () => {
    assert.ok((await extension.permitted()).includes(LOCAL))
    await using relay = await Relay.start(network.url)
    const page = await settings(relay.url.replace('127.0.0.1', 'localhost'))
    await page.getByText('It is in use now.').waitFor()
    await until('it is given back', async () => !(await extension.permitted()).includes(LOCAL))
    assert.deepEqual(await extension.permitted(), ['https://bsky.app/*'])
    await page.close()
  })

  test('a fork has levels from when it is switched on until it is switched off', async () => {
    await using relay = await Relay.start(network.url)
    await extension.configure({ server: relay.url })
    const page = await extension.openOwn('options')
    const fork = page.getByLabel(`Also on ${FORK}`)
    await refuse(fork)
    await until('it is off again', async () => !(await fork.isChecked()))

    await allow(fork)
    await until('it is on', () => fork.isChecked())
    const before = await extension.open('/', { people, host: FORK }, 800)
    await markedAre(before, feedOf(people))

    await fork.click()
    await until('it is off', async () => !(await extension.permitted()).includes(`https://${FORK}/*`))
    const after = await extension.open('/', { people, host: FORK }, 800)
    await after.waitForSelector('a[href^="/profile/"]')
    await markedAre(before, [])
    // Its script, which is still there, is told nothing, and nobody is asked.
    relay.asked = []
    const actors = [network.shown[10]?.handle ?? '']
    assert.equal(await extension.askFrom(before, { kind: 'characters', actors }), null)
    const bsky = await extension.open('/', { people: network.shown.slice(20, 23) }, 800)
    await bsky.locator(BADGE).first().waitFor()
    const asked = relay.batches.flatMap(({ path }) => path.split('=')[1]?.split(',') ?? [])
    assert.ok(asked.length > 0)
    assert.ok(!asked.includes(actors[0] ?? ''), `${asked}`)
    await idle(after)
    assert.equal(await after.locator(OURS).count(), 0)
    await Promise.all([bsky, before, after, page].map((opened) => opened.close()))
  })
})

suite('in a Portuguese Chromium, with a server of its operator’s choice', {
  skip: found === undefined ? skip : false,
  concurrency: false,
}, () => {
  test('everything is Portuguese', async () => {
    const path = found ?? assert.fail('CI has to have Chromium: see .ci/run')
    await using network = await world()
    // Its operator has built it for a server, which it uses from the start.
    const options = { name: 'preset', server: network.url }
    const [folder, script] = await Promise.all([built('chrome', options), buildPage()])
    await using extension = await Extension.start(path, folder, script, { language: 'pt-BR' })
    const people = network.shown.slice(0, 3)
    const own = people[0]?.handle ?? ''
    await extension.configure({ self: own })

    const settings = await extension.openOwn('options')
    assert.equal(await settings.getByLabel('Endereço').inputValue(), network.url)
    await settings.getByRole('button', { name: 'Testar e usar' }).click()
    await settings.getByText('Está em uso agora.').waitFor()
    assert.equal(await settings.getAttribute('html', 'lang'), 'pt-BR')
    await settings.close()

    const popup = await extension.openOwn('popup')
    await popup.locator('.bsky-rpg-entries li').first().waitFor()
    assert.match(await popup.innerText('main'), /O que aconteceu/)
    await popup.close()

    const page = await extension.open(`/profile/${own}`, { people, own }, 360)
    await page.locator('.bsky-rpg-panel').getByText('Como crescer').click()
    await page.locator('.bsky-rpg-growth').waitFor()
    assert.match((await page.locator(BADGE).first().getAttribute('aria-label')) ?? '', /^Nível \d+, /)
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360)
    await page.close()
  })
})
