// Signing in at a real personal data server with a real browser, and leaving.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, suite, test } from 'node:test'
import { EventSource } from 'eventsource'
import type { Browser, Page } from 'playwright-core'
import { folder, Program, servedAt, until } from '../e2e/harness.ts'
import { findChromium, startChromium } from '../web/chromium.ts'
import { type Account, pdsMissing } from './pds.ts'
import { type World, world } from './world.ts'

const path = findChromium()
const skip = pdsMissing || (path === undefined && process.env.CI === undefined && 'no Chromium is installed')

/** How long after somebody's wish they may still be seen. */
const WITHIN_MS = 5_000

/** Presses Tab until the focus is on the field or button of that name. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(
      '(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()',
    )
    if (focused === name) return
  }
  throw new Error(`the keyboard does not reach ${name} on ${page.url()}`)
}

async function press(page: Page, name: string): Promise<void> {
  await tabTo(page, name)
  await page.keyboard.press('Enter')
}

/** From our form to the person's own server, and back to the page about them. Our pages take the keyboard alone. */
async function signIn(page: Page, url: string, { handle, password }: Account): Promise<void> {
  await page.goto(`${url}/me`)
  assert.equal(new URL(page.url()).pathname, '/sign-in')
  await tabTo(page, 'Your handle')
  await page.keyboard.type(handle)
  await page.keyboard.press('Enter')
  await page.locator('input[type=password]').fill(password)
  await page.locator('button[type=submit]').click()
  await page.getByRole('button', { name: 'Authorize' }).click()
  await page.waitForURL(`${url.replace('localhost', '127.0.0.1')}/me`)
}

/** What a program of strangers sees of somebody: the status of every address about them, and whether lists name them. */
async function seen(
  url: string,
  { did, handle }: Account,
): Promise<{ statuses: number[]; lists: boolean[] }> {
  const about = [
    `/v1/characters/${did}`,
    `/v1/characters/${did}/events`,
    `/v1/characters/${did}/events.csv`,
    `/@${handle}`,
    `/@${handle}/card.svg`,
    `/@${did}/card.png`,
  ]
  const lists = ['/v1/leaderboards/all', `/v1/characters?actors=${did}`, '/', '/boards']
  const names = [`"${handle}"`, `/@${handle}"`]
  const ask = async (address: string) => fetch(url + address, { redirect: 'manual' })
  return {
    statuses: await Promise.all(about.map(async (address) => (await ask(address)).status)),
    lists: await Promise.all(
      lists.map(async (address) => {
        const text = await (await ask(address)).text()
        return names.some((name) => text.includes(name))
      }),
    ),
  }
}

suite('a person at a real personal data server', { skip, timeout: 240_000 }, () => {
  let here: World
  let browser: Browser & AsyncDisposable
  before(async () => {
    ;[here, browser] = await Promise.all([world(), startChromium(path ?? '')])
  })
  after(async () => {
    await browser?.[Symbol.asyncDispose]()
    await here?.[Symbol.asyncDispose]()
  })

  for (const processes of ['start', 'ingest and two of api'] as const) {
    test(`signs in, hides, returns and leaves, served by ${processes}`, async () => {
      using files = folder()
      const flags = here.flags(files.path('ledger.db'))
      await using first = new Program([
        ...(processes === 'start' ? ['start', '--port', '0'] : ['ingest']),
        ...flags,
        ...['--start', 'oldest'],
      ])
      await using second = processes === 'start' ? undefined : await apiOver(first, flags)
      await using third = processes === 'start' ? undefined : await apiOver(first, flags)
      const url = await servedAt(second ?? first)
      // Others look at a process that is told nothing.
      const elsewhere = await servedAt(third ?? first)
      const name = processes === 'start' ? 'alice' : 'carol'
      const person = await here.join(name)
      const other = await here.join(`beside-${name}`)
      await here.post(person)
      await here.post(other)
      const isThere = async (): Promise<boolean> => {
        const { statuses, lists } = await seen(elsewhere, person)
        return statuses.every((status) => status === 200 || status === 302) && lists.every(Boolean)
      }
      const isGone = async (): Promise<boolean> => {
        const { statuses, lists } = await seen(elsewhere, person)
        return statuses.every((status) => status === 404) && !lists.some(Boolean)
      }
      const untilIn = async (condition: () => Promise<boolean>): Promise<void> => {
        await until('what others see is as it was asked', condition, WITHIN_MS).catch(
          async (error: Error) => {
            assert.fail(`${error.message}: ${JSON.stringify(await seen(elsewhere, person))}`)
          },
        )
      }
      const untilGone = () => untilIn(isGone)
      const untilThere = () => untilIn(isThere)
      await until('they are shown', isThere)

      const context = await browser.newContext()
      const page = await context.newPage()
      await signIn(page, url, person)
      const heading = () => page.locator('h2').first().textContent()
      assert.equal(await heading(), 'You are shown')

      await tabTo(page, 'Hide me')
      await page.keyboard.press('Enter')
      await untilGone()
      await page.waitForURL(/asked=hide/)
      assert.equal(await heading(), 'You are hidden')
      await assertSilent(here, elsewhere, { of: person, beside: other })

      await press(page, 'Show me again')
      await untilThere()
      await page.waitForURL(/asked=return/)
      const character = await (await fetch(`${elsewhere}/v1/characters/${person.did}`)).json()
      // The post that was written while they were hidden counts, too.
      assert.equal((character as { leveling: { experience: number } }).leveling.experience, 100)

      await press(page, 'Delete everything …')
      await page.waitForURL(/leave$/)
      await press(page, 'Keep it')
      await page.waitForURL(/me$/)
      assert.equal(await heading(), 'You are shown')
      await press(page, 'Delete everything …')
      await page.waitForURL(/leave$/)
      await press(page, 'Delete everything')
      await untilGone()
      await page.waitForURL(/asked=leave/)
      assert.equal(await heading(), 'You are deleted')
      await assertSilent(here, elsewhere, { of: person, beside: other })

      await press(page, 'Count me again')
      await page.waitForURL(/asked=return/)
      assert.equal(await heading(), 'Nothing is kept about you')
      await here.post(person)
      await until('they begin anew', isThere)
      await press(page, 'Sign out in all browsers')
      await page.waitForURL(`${url}/`)
      await page.goto(`${url}/me`)
      assert.equal(new URL(page.url()).pathname, '/sign-in')
      await context.close()
    })
  }
})

/** An API over the ledger of `ingest`, once there is one. */
async function apiOver(ingest: Program, flags: readonly string[]): Promise<Program> {
  await until(
    'ingest listens',
    () => /"msg":"(?:listening|connected)/.test(ingest.output) || ingest.output.includes('ws://'),
  )
  return new Program(['api', '--port', '0', ...flags])
}

/** Asserts that what somebody does reaches no follower of the stream, although what others do afterwards does. */
async function assertSilent(
  here: World,
  url: string,
  { of, beside }: { of: Account; beside: Account },
): Promise<void> {
  const source = new EventSource(`${url}/v1/stream`)
  try {
    await once(source as unknown as NodeJS.EventEmitter & EventTarget, 'position')
    const heard = new Set<string>()
    for (const kind of ['award', 'level-up'])
      source.addEventListener(kind, ({ data }) => heard.add(JSON.parse(data).did))
    await here.post(of)
    await here.post(beside)
    await until('the other is heard', () => heard.has(beside.did))
    assert.equal(heard.has(of.did), false)
  } finally {
    source.close()
  }
}
