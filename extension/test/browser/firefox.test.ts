// The built extension in a real Firefox: settings, badges, a panel, popup, and a permission.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'puppeteer-core'
import { until } from '../../../test/e2e/harness.ts'
import { buildPage } from '../page/build.ts'
import { built } from './built.ts'
import { Firefox } from './firefox.ts'
import { Relay } from './relay.ts'
import { type Shown, type World, world } from './world.ts'

const PLACES = [
  '/usr/bin/firefox-esr',
  '/usr/bin/firefox',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
]
const found = PLACES.find((path) => existsSync(path))
// CI installs Firefox: without it these tests fail there.
const skip = found === undefined && process.env.CI === undefined ? 'no Firefox is installed' : false

suite('in Firefox', { skip, concurrency: false }, () => {
  const stack = new AsyncDisposableStack()
  let network: World
  let firefox: Firefox
  let people: readonly Shown[]
  let own: Shown

  before(async () => {
    const path = found ?? assert.fail('CI has to have Firefox: see .ci/run')
    network = stack.use(await world())
    people = network.shown.slice(0, 6)
    own = people[0] ?? assert.fail('nobody has a level')
    const [folder, script] = await Promise.all([built('firefox'), buildPage()])
    firefox = stack.use(await Firefox.start(path, folder, script))
  })
  after(() => stack.disposeAsync())

  test('the settings open by themselves, test a server, say what they found, and use it', async () => {
    const { settings } = firefox
    await settings.says(/Nothing is asked or sent before you have chosen a server/)
    await settings.enter('#server', 'no server')
    await settings.says(/That is no address/)
    await settings.enter('#server', network.url)
    await settings.says(/It is in use now\./)
    const text = await settings.text()
    assert.match(text, /bsky-rpg \d+\.\d+\.\d+, \d+ characters/)
    assert.match(text, /behind the network/)
    assert.match(text, /A post earns 50 XP, with described media 70, a like 10/)
    await settings.says(new RegExp(`To ${network.url}, and to nobody else`))
  })

  test('badges and the panel of one’s own profile come to the page', async () => {
    const page = await firefox.open('/', { people, own: own.handle })
    await marked(page)
    await page.close()

    const profile = await firefox.open(`/profile/${own.handle}`, { people, own: own.handle })
    await profile.waitForSelector('.bsky-rpg-panel details')
    const text = await profile.$eval('.bsky-rpg-panel', (panel) => panel.textContent)
    assert.match(text ?? '', /XP · \d+ to level \d+/)
    await profile.close()
  })

  test('a switch in the settings takes badges away and brings them back', async () => {
    const page = await firefox.open('/', { people })
    await marked(page)
    await firefox.settings.click('label[for=badges]')
    await until('they are gone', async () => (await levels(page)).length === 0)
    await firefox.settings.show()
    await firefox.settings.evaluate("document.querySelector('#badges').focus()")
    await firefox.settings.press(' ')
    const isOn = (): Promise<unknown> =>
      firefox.settings.evaluate("document.querySelector('#badges').checked")
    await until('it is on', async () => (await isOn()) === true)
    // Names are looked up once they are seen, and only a shown page is.
    await page.bringToFront()
    await marked(page)
    await page.close()
  })

  test('the popup shows oneself, what happened by kind, and anybody by their handle', async () => {
    const popup = await firefox.openPopup()
    await popup.says(new RegExp(`XP · \\d+ to level ${own.level + 1}`))
    await popup.says(/XP this week/)
    const entries = (): Promise<unknown> =>
      popup.evaluate("document.querySelectorAll('.bsky-rpg-entries li').length")
    await until('a page of entries is there', async () => (await entries()) === 20)
    await popup.click('.bsky-rpg-timeline > button', 'Older entries')
    await until('the next page is there', async () => Number(await entries()) > 20)
    await popup.click('.bsky-rpg-chips button', 'Likes')
    await until('only likes are there', async () => {
      const names = await popup.evaluate(
        "[...new Set([...document.querySelectorAll('.bsky-rpg-what')].map((what) => what.firstChild.textContent))].join()",
      )
      return names === 'Like'
    })
    const other = people[1] ?? own
    await popup.enter('#actor', `@${other.handle}`)
    await popup.says(new RegExp(`to level ${other.level + 1}`))
    await popup.enter('#actor', network.hidden[0]?.handle ?? '')
    await popup.says(/Nobody of this name is a character/)
    await popup.enter('#actor', 'no name')
    await popup.says(/That is no handle/)
    await popup.close()
  })

  test('a server that other origins may not read is used once it is permitted', async () => {
    await using relay = await Relay.start(network.url)
    relay.isClosed = true
    const { settings } = firefox
    await settings.enter('#server', relay.url)
    await settings.says(/does not let other sites read its answers/)
    await settings.click('button', 'Permit access')
    await settings.says(/It is in use now\./)
    const before = relay.batches.length
    // Others than before, of whom nothing is known yet.
    const page = await firefox.open('/', { people: network.shown.slice(10, 16) })
    await until('six are marked', async () => (await levels(page)).length === 6)
    assert.ok(relay.batches.length > before)
    await page.close()
  })

  function levels(page: Page): Promise<(string | null)[]> {
    return page.$$eval('[data-testid^="feedItem-by-"] a + .bsky-rpg-badge', (all) =>
      all.map((badge) => badge.textContent),
    )
  }

  async function marked(page: Page): Promise<void> {
    await until('everybody is marked', async () => (await levels(page)).length === people.length)
    assert.deepEqual(
      await levels(page),
      people.map(({ level }) => String(level)),
    )
  }
})
