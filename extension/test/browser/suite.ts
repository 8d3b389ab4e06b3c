// What the tests in a browser share: one network, one browser, and for each page a relay of its own.
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { until } from '../../../test/e2e/harness.ts'
import { buildPage } from '../page/build.ts'
import { built } from './built.ts'
import { Extension, type Settings } from './chromium.ts'
import type { PageOptions, PagePerson } from './page-at.ts'
import { Relay } from './relay.ts'
import { type World, world } from './world.ts'

export const BADGE = '.bsky-rpg-badge'
export const OURS = '.bsky-rpg'

/** So many that 500 of them have a level: the longest pages show as many. */
const ACTORS = 700

export type Known = PagePerson & { did: string; level: number }
/** A name on the page and the level beside it. */
export type Marked = [name: string, level: string]

export type OpenOptions = PageOptions & {
  settings?: Settings
  width?: number
  /** What the server does before the page opens. */
  prepare?: (relay: Relay) => void
}

export class Surroundings implements AsyncDisposable {
  readonly extension: Extension
  readonly network: World
  /** People with a level; numbers tell their names apart. */
  readonly shown: readonly Known[]
  /** People whom the server does not show. */
  readonly hidden: readonly PagePerson[]

  /** Both of them. */
  readonly #parts: AsyncDisposableStack

  private constructor(parts: AsyncDisposableStack, network: World, extension: Extension) {
    this.#parts = parts
    this.network = network
    this.extension = extension
    this.shown = network.shown.map((person, n) => ({ ...person, name: `${person.name} ${n}` }))
    this.hidden = network.hidden.map((person, n) => ({ ...person, name: `${person.name} h${n}` }))
  }

  /** @param chromium where it is installed */
  static async start(chromium: string | undefined): Promise<Surroundings> {
    assert.ok(chromium, 'CI has to have Chromium: see .ci/run')
    await using parts = new AsyncDisposableStack()
    const network = parts.use(await world({ actors: ACTORS }))
    const [folder, script] = await Promise.all([built('chrome'), buildPage()])
    const extension = parts.use(await Extension.start(chromium, folder, script))
    return new Surroundings(parts.move(), network, extension)
  }

  /** Opens a page for `work`, with a relay to the server; the page must not complain. */
  async opened(
    path: string,
    { settings, width = 800, prepare, ...options }: OpenOptions,
    work: (page: Page, relay: Relay) => Promise<void>,
  ): Promise<void> {
    await using relay = await Relay.start(this.network.url)
    prepare?.(relay)
    await this.extension.configure({ server: relay.url, ...settings })
    const page = await this.extension.open(path, options, width)
    const complaints: string[] = []
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    try {
      await work(page, relay)
      assert.deepEqual(complaints, [])
    } finally {
      await page.close()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync()
  }
}

/** People of whom some have a level, and two in their midst have none. */
export function mixedOf({ shown, hidden }: Surroundings): readonly (PagePerson & { level?: number })[] {
  return [...shown.slice(0, 4), ...hidden.slice(0, 2), ...shown.slice(4, 6)]
}

/** The level beside each name, in the page's order. */
export function marked(page: Page): Promise<Marked[]> {
  return page.$$eval(BADGE, (all) =>
    all.map((badge): Marked => [badge.previousElementSibling?.textContent ?? '', badge.textContent ?? '']),
  )
}

/** Waits until exactly `expected` is marked. */
export async function markedAre(page: Page, expected: readonly Marked[]): Promise<void> {
  const same = async (): Promise<boolean> => JSON.stringify(await marked(page)) === JSON.stringify(expected)
  try {
    await until('the right names are marked', same, 15_000, 50)
  } catch {
    assert.deepEqual(await marked(page), expected)
  }
}

/** What a feed of `people` has marked, in which each fourth post quotes the third person after its author. */
export function feedOf(
  people: readonly (PagePerson & { level?: number })[],
  { quotes = true } = {},
): Marked[] {
  return people.flatMap((person, n) => {
    const quoted = quotes && n % 4 === 1 ? people[(n + 3) % people.length] : undefined
    return [person, quoted].flatMap((one) => (one === undefined ? [] : marksOf(one)))
  })
}

export function marksOf({ name, level }: { name: string; level?: number }): Marked[] {
  return level === undefined ? [] : [[name, String(level)]]
}

/**
 * Scrolls from the top to the end, a little less than a screen in each frame: fast enough that a busy machine does not make it a
 * slow reader, whose names go in more and smaller batches.
 */
export async function scrollThrough(page: Page): Promise<void> {
  await page.waitForSelector('a[href^="/profile/"]')
  await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight * 0.9) {
      scrollTo(0, y)
      await frame()
    }
  })
}

/** Waits until the page has had time for whatever it would do. */
export async function idle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let n = 0; n < 60; n++) await new Promise((resolve) => requestAnimationFrame(resolve))
  })
}
