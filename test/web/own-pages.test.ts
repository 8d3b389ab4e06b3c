// The pages of people who sign in, in a real Chromium: in both themes, narrow and wide, and without script.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import type { OwnCharacter } from '../../src/store/store.ts'
import { alice, build, profile } from '../api/harness.ts'
import { findChromium, startChromium } from './chromium.ts'

const found = findChromium()
const skip = found === undefined && process.env.CI === undefined ? 'no Chromium is installed' : false

/** A server at which everybody is Alice at once, in the state that `own` gives of her. */
async function atOnce(own: Partial<OwnCharacter> | undefined) {
  const server = await build({
    signIn: {
      addressFor: (host) => `http://${host}`,
      published: async () => undefined,
      begin: async (_, { address, browser }) => new URL(`${address}/oauth/callback?browser=${browser}`),
      finish: async (query) => ({ did: alice, browser: query.get('browser') ?? '' }),
    },
  })
  const { ledger } = server
  ledger.join(
    alice,
    profile('alice.example', { displayName: 'אליס 👩🏽‍🚀 Incomprehensibilities-without-a-break' }),
  )
  for (let n = 0; n < 3; n++) ledger.earn(alice, { delta: 70 })
  const state = await ledger.own(alice)
  ledger.own = async () => (own === undefined || state === undefined ? undefined : { ...state, ...own })
  const url = await server.app.listen({ port: 0, host: '127.0.0.1' })
  return { ...server, url }
}

const GONE = { born: false, profile: undefined, experience: 0, counts: new Map() }
const HIDDEN_FOR_ALL = { status: 'deactivated', optedOut: true, unfollowed: true } as const

/** Pages by the state of the person, with their first heading below the title. */
const PAGES: [name: string, own: Partial<OwnCharacter> | undefined, path: string, heading: string][] = [
  ['shown', {}, '/me', 'You are shown'],
  ['not shown', HIDDEN_FOR_ALL, '/me', 'Others do not see you'],
  ['hidden', { hidden: true }, '/me?asked=hide', 'You are hidden'],
  ['left', { ...GONE, left: true }, '/me?asked=leave', 'You are deleted'],
  ['forgotten', { ...GONE, forgotten: true }, '/me', 'You were removed by the operator'],
  ['unknown', undefined, '/me?asked=return', 'Nothing is kept about you'],
  ['leaving', {}, '/me/leave', ''],
]

/** Themes and widths; only the contrast of colours depends on the theme. */
const LOOKS = [
  ['light', 1280],
  ['dark', 1280],
  ['dark', 390],
  ['light', 390],
] as const

suite('the pages of who signs in, in a browser', { skip, concurrency: false }, () => {
  let browser: Browser
  before(async () => {
    browser = await startChromium(found ?? assert.fail('CI has to have Chromium: see .ci/run'))
  })
  after(() => browser.close())

  for (const [name, own, path, heading] of PAGES) {
    test(`${name} is right`, async () => {
      await using server = await atOnce(own)
      for (const [colorScheme, width] of LOOKS) {
        const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
        const page = await context.newPage()
        await page.goto(`${server.url}/me`)
        await page.getByLabel('Your handle').fill('alice.example')
        await page.keyboard.press('Enter')
        await page.waitForURL(`${server.url}/me`)
        await page.goto(server.url + path)
        if (heading !== '') assert.equal(await page.locator('h2').first().textContent(), heading)
        await look(page, `${name.replace(' ', '-')}-${colorScheme}-${width}`)
        await context.close()
      }
    })
  }

  test('the form, and what it says of a name that is none, are right', async () => {
    await using server = await atOnce({})
    for (const [colorScheme, width] of LOOKS) {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
      const page = await context.newPage()
      await page.goto(`${server.url}/me`)
      await look(page, `sign-in-${colorScheme}-${width}`)
      await page.getByLabel('Your handle').fill('nonsense')
      await page.getByRole('button', { name: 'Continue to your server' }).click()
      assert.match((await page.getByRole('alert').textContent()) ?? '', /Nobody on the network/)
      await look(page, `trouble-${colorScheme}-${width}`)
      await context.close()
    }
  })

  test('nothing there needs a script', async () => {
    await using server = await atOnce({ hidden: true })
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(`${server.url}/me`)
    await page.getByLabel('Your handle').fill('alice.example')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${server.url}/me`)
    await page.getByRole('link', { name: 'Delete everything' }).click()
    await page.getByRole('link', { name: 'Keep it' }).click()
    await page.getByRole('button', { name: 'Sign out', exact: true }).click()
    await page.waitForURL(`${server.url}/`)
    await context.close()
  })
})

/** Nothing is wider than the window, and axe finds nothing. */
async function look(page: Page, name: string): Promise<void> {
  const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
  assert.equal(wide, 0, `${name} is too wide`)
  const { violations } = await new AxeBuilder({ page }).analyze()
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${name}: ${id} ${nodes[0]?.html}`),
    [],
  )
}
