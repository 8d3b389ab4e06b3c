// The popup and the settings.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { until } from '../../../test/e2e/harness.ts'
import { seriousIn } from './axe.ts'
import { Relay } from './relay.ts'
import { feedOf, idle, type Known, markedAre, type Surroundings } from './suite.ts'

/** @param surroundings once they have started */
export function testOwnPages(surroundings: () => Surroundings): void {
  let all: Surroundings
  let first: Known

  before(() => {
    all = surroundings()
    ;[first] = all.shown as [Known]
  })

  test('the settings open by themselves after the extension was installed, with a welcome', async () => {
    const page = all.extension.opened
    assert.match(page ?? '', /options\.html$/)
    await all.extension.configure({})
    const options = await all.extension.openOwn('options')
    assert.match(await options.innerText('main'), /Nothing is asked or sent before you have chosen a server/)
    assert.match(await options.innerText('main'), /Nothing is sent to anybody yet/)
    await options.close()
  })

  test('the settings test a server, say what they found, and use it', async () => {
    await using relay = await Relay.start(all.network.url)
    await all.extension.configure({})
    const page = await all.extension.openOwn('options')
    const address = page.getByLabel('Address')
    const button = page.getByRole('button', { name: 'Test and use' })
    const status = page.locator('section', { hasText: 'Server' }).getByRole('status').first()

    await address.fill('no server')
    await button.click()
    await status.getByText('That is no address').waitFor()

    relay.fault = () => ({ status: 200, body: '{}' })
    await address.fill(relay.url)
    await button.click()
    await status.getByText(`Nothing usable answers at ${relay.url}`).waitFor()

    relay.fault = () => 'pass'
    await button.click()
    await status.getByText('It is in use now.').waitFor()
    const text = await status.innerText()
    assert.match(text, /bsky-rpg \d+\.\d+\.\d+, \d+ characters/)
    assert.match(text, /A post earns 50 XP, with described media 70, a like 10/)
    assert.match(text, /behind the network/)
    await page.getByText(`To ${relay.url}, and to nobody else`).waitFor()
    await page.close()

    const people = all.shown.slice(0, 3)
    const bsky = await all.extension.open('/', { people }, 800)
    await markedAre(bsky, feedOf(people))
    await bsky.close()
  })

  test('a slow test of a server changes nothing after a later test of another', async () => {
    await using slow = await Relay.start(all.network.url)
    await using quick = await Relay.start(all.network.url)
    const gate = Promise.withResolvers<void>()
    slow.gate = gate.promise
    await all.extension.configure({})
    const page = await all.extension.openOwn('options')
    const use = async (address: string): Promise<void> => {
      await page.getByLabel('Address').fill(address)
      await page.getByRole('button', { name: 'Test and use' }).click()
    }
    await use(slow.url)
    await until('the slow one is asked', () => slow.waiting > 0)
    await use(quick.url)
    await page.getByText('It is in use now.').waitFor()
    gate.resolve()
    await until('the slow one has answered', () => slow.asked.some(({ path }) => path === '/openapi.json'))
    await idle(page)
    assert.equal((await all.extension.settings()).server, quick.url)
    await page.close()
  })

  test('the settings keep all of several changes at once', async () => {
    await all.extension.configure({ server: all.network.url })
    const page = await all.extension.openOwn('options')
    const switches = page.locator('#badges, #panel, #coach')
    await switches.evaluateAll((all) => {
      for (const one of all) if (one instanceof HTMLElement) one.click()
    })
    await until('all three are off', async () => {
      const { badges, panel, coach } = await all.extension.settings()
      return badges === false && panel === false && coach === false
    })
    await page.close()
  })

  test('the settings tell a server that other origins may not read', async () => {
    await using relay = await Relay.start(all.network.url)
    relay.fault = () => ({
      status: 200,
      headers: { 'access-control-allow-origin': 'https://elsewhere.example' },
    })
    await all.extension.configure({})
    const page = await all.extension.openOwn('options')
    await page.getByLabel('Address').fill(relay.url)
    await page.getByRole('button', { name: 'Test and use' }).click()
    await page.getByRole('button', { name: `Permit access to ${relay.url}` }).waitFor()
    await page.close()
  })

  test('the settings switch parts with the keyboard alone', async () => {
    await all.extension.configure({ server: all.network.url })
    const page = await all.extension.openOwn('options')
    const badges = page.getByLabel('Levels beside names')
    await badges.focus()
    await page.keyboard.press('Space')
    await until('it is off', async () => (await all.extension.settings()).badges === false)
    await page.reload()
    assert.equal(await page.getByLabel('Levels beside names').isChecked(), false)
    assert.equal(await page.getByLabel('New level-ups of people on screen').isChecked(), false)
    assert.equal(await page.getByLabel('Also on blacksky.community').isChecked(), false)
    await page.close()
  })

  test('the popup shows oneself, as the page told, and what happened', async () => {
    await all.opened('/', { people: all.shown.slice(0, 3), own: first.handle }, async (page) => {
      await page.locator('.bsky-rpg-badge').first().waitFor()
      await until('the page told who one is', async () => (await all.extension.told()) === first.handle)
      const popup = await all.extension.openOwn('popup')
      await popup.locator('.bsky-rpg-entries li').first().waitFor()
      await popup.locator('.bsky-rpg-week:not(:empty)').waitFor()
      assert.match(await popup.innerText('main'), new RegExp(`XP · \\d+ to level ${first.level + 1}`))
      await popup.close()
    })
  })

  test('the popup looks up anybody, and says whom it does not find', async () => {
    await using relay = await Relay.start(all.network.url)
    await all.extension.configure({ server: relay.url })
    const popup = await all.extension.openOwn('popup')
    const handle = popup.getByLabel('Handle')
    const tell = async (text: string, answer: RegExp | string): Promise<void> => {
      await handle.fill(text)
      await popup.keyboard.press('Enter')
      await popup.getByText(answer).first().waitFor()
    }
    await popup.getByText('Open Bluesky once while signed in').waitFor()
    await handle.focus()
    await tell('no name', 'That is no handle')
    await tell(`@${first.handle}`, `to level ${first.level + 1}`)
    await tell(all.hidden[0]?.handle ?? '', 'Nobody of this name is a character')
    relay.fault = () => 'break'
    await tell('dead.example', 'The server does not answer')
    await popup.close()
  })

  test('the popup answers a look-up that is made while one’s own sheet still loads', async () => {
    await using relay = await Relay.start(all.network.url)
    const gate = Promise.withResolvers<void>()
    relay.gate = gate.promise
    await all.extension.configure({ server: relay.url, self: first.handle })
    const popup = await all.extension.openOwn('popup')
    await until('one’s own sheet is asked for', () => relay.waiting > 0)
    const other = all.shown[1] as Known
    await popup.getByLabel('Handle').fill(other.handle)
    await popup.keyboard.press('Enter')
    gate.resolve()
    await popup.getByRole('link', { name: 'Character sheet' }).waitFor()
    const href = await popup.getByRole('link', { name: 'Character sheet' }).getAttribute('href')
    assert.equal(href, `${relay.url}/@${other.handle}`)
    await popup.close()
  })

  test('the popup without a server says so', async () => {
    await all.extension.configure({})
    const popup = await all.extension.openOwn('popup')
    await popup.getByText('Choose a server first.').waitFor()
    await popup.close()
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`axe finds nothing in popup and settings in the ${colorScheme} theme, and neither is wider than 360 pixels`, async () => {
      await all.extension.configure({ server: all.network.url, self: first.handle })
      for (const name of ['popup', 'options'] as const) {
        const page = await all.extension.openOwn(name)
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width: 360, height: 700 })
        if (name === 'popup') await page.locator('.bsky-rpg-entries li').first().waitFor()
        assert.deepEqual(await seriousIn(page, 'main'), [])
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360, name)
        await page.close()
      }
    })
  }
}
