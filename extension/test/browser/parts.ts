// The panel on profiles, what is there for oneself only, and the line in the composer.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { until } from '../../../test/e2e/harness.ts'
import { seriousIn } from './axe.ts'
import type { Fault } from './relay.ts'
import { idle, type Known, OURS, type Surroundings } from './suite.ts'

const PANEL = '.bsky-rpg-panel'
const LINE = '.bsky-rpg-coach'

/** @param surroundings once they have started */
export function testParts(surroundings: () => Surroundings): void {
  let all: Surroundings
  let first: Known
  let second: Known
  let people: readonly Known[]

  before(() => {
    all = surroundings()
    people = all.shown.slice(0, 14)
    ;[first, second] = people as [Known, Known]
  })

  test('a panel below a header has level, title, numbers, attributes, this week and a link to the sheet', async () => {
    await all.opened(`/profile/${second.handle}`, { people }, async (page, relay) => {
      const panel = page.locator(PANEL)
      await panel.locator('.bsky-rpg-week:not(:empty)').waitFor()
      const text = await panel.innerText()
      assert.match(text, /XP · \d+ to level \d+ · #\d+/)
      assert.match(text, /\+[\d,]+ XP this week/)
      for (const name of ['Voice', 'Clarity', 'Warmth', 'Echo']) assert.ok(text.includes(name), name)
      const ring = panel.getByRole('img', { name: `Level ${second.level}, ` })
      assert.equal(await ring.count(), 1)
      const sheet = panel.getByRole('link', { name: 'Character sheet' })
      assert.equal(await sheet.getAttribute('href'), `${relay.url}/@${second.handle}`)
      // It is somebody else's: nothing that is for oneself only.
      assert.equal(await panel.locator('details').count(), 0)
      assert.deepEqual(await seriousIn(page, PANEL), [])
    })
  })

  test('there is no panel for somebody hidden', async () => {
    const [hidden] = all.hidden.slice(0, 1)
    const path = `/profile/${hidden?.handle}`
    await all.opened(path, { people: [hidden as Known, ...people] }, async (page) => {
      await page.locator('.bsky-rpg-badge').first().waitFor()
      await idle(page)
      assert.equal(await page.locator(PANEL).count(), 0)
    })
  })

  test('a panel that comes late waits until its place is off the screen, and moves nothing that is read', async () => {
    const gate = Promise.withResolvers<void>()
    await all.opened(
      `/profile/${second.handle}`,
      {
        people: all.shown.slice(0, 60),
        settings: { badges: false },
        prepare: (relay) => {
          relay.gate = gate.promise
        },
      },
      async (page, relay) => {
        await until('it is asked', () => relay.waiting > 0)
        await page.waitForFunction(
          (since) => performance.now() > since + 2_500,
          await page.evaluate(() => performance.now()),
        )
        const tabs = page.getByText('Posts', { exact: true })
        const before = await tabs.boundingBox()
        gate.resolve()
        await until('it is answered', () => relay.batches.length === 1)
        await idle(page)
        assert.deepEqual(await tabs.boundingBox(), before)
        assert.equal(await page.locator(PANEL).count(), 0)
        await page.mouse.wheel(0, 700)
        await page.locator(PANEL).waitFor({ state: 'attached' })
        const post = page.locator('[data-testid^="feedItem-by-"]').nth(8)
        const read = await post.boundingBox()
        await idle(page)
        assert.deepEqual(await post.boundingBox(), read)
      },
    )
  })

  test('one’s own profile says how to grow and what happened, when asked', async () => {
    await all.opened(`/profile/${first.handle}`, { people, own: first.handle }, async (page, relay) => {
      const panel = page.locator(PANEL)
      await panel.getByText('How to grow').click()
      const growth = panel.locator('.bsky-rpg-growth')
      await growth.waitFor()
      assert.deepEqual(await growth.locator('dt').allInnerTexts(), [
        'Described',
        'Streak',
        'Next',
        'Today (UTC)',
      ])
      assert.match(await growth.innerText(), /XP to level \d+/)

      assert.equal(relay.asked.filter(({ path }) => path.includes('/events')).length, 0)
      await panel.getByText('What happened').click()
      const entries = panel.locator('.bsky-rpg-entries li')
      await until('a page of entries is there', async () => (await entries.count()) === 20)
      await panel.getByRole('button', { name: 'Older entries' }).click()
      await until('the next page is there', async () => (await entries.count()) > 20)
      await panel.getByRole('button', { name: 'Likes' }).click()
      await until('only likes are there', async () => {
        const names = await panel
          .locator('.bsky-rpg-what')
          .evaluateAll((all) => all.map((what) => what.firstChild?.textContent))
        return names.length > 0 && names.every((name) => name === 'Like')
      })
      assert.equal(await panel.getByRole('button', { name: 'Likes' }).getAttribute('aria-pressed'), 'true')
      assert.deepEqual(await seriousIn(page, PANEL), [])
    })
  })

  test('entries that were taken back say why, and posts have a link', async () => {
    const items = [
      entry({ cause: 'delete', delta: -70, reason: 'post.alt' }),
      entry({ cause: 'create', delta: 70, reason: 'post.alt' }),
      entry({ cause: 'create', delta: 10, reason: 'like', type: 'app.bsky.feed.like' }),
      entry({ cause: 'create', delta: 5, reason: 'poem.<b>long</b>', type: 'org.example.poem' }),
    ]
    await all.opened(
      `/profile/${first.handle}`,
      {
        people,
        own: first.handle,
        prepare: (relay) => {
          relay.fault = (path) =>
            path.includes('/events') ? { status: 200, body: JSON.stringify({ items, cursor: null }) } : 'pass'
        },
      },
      async (page) => {
        await page.locator(PANEL).getByText('What happened').click()
        const entries = page.locator('.bsky-rpg-entries li')
        await until('they are there', async () => (await entries.count()) === 4)
        const [gone, post, like, poem] = await entries.allInnerTexts()
        assert.match(gone ?? '', /−70 XP[\s\S]*deleted: what it had earned is taken back/)
        assert.match(post ?? '', /\+70 XP[\s\S]*Post with media, all described/)
        assert.match(like ?? '', /\+10 XP[\s\S]*Like/)
        assert.match(poem ?? '', /poem\.<b>long<\/b>/)
        assert.equal(await entries.nth(0).getByRole('link').count(), 0)
        const href = await entries.nth(1).getByRole('link').getAttribute('href')
        assert.equal(href, 'https://bsky.app/profile/did%3Aplc%3Aalice/post/3mdjzqxtyk227')
        assert.equal(await page.getByRole('button', { name: 'Older entries' }).isHidden(), true)
      },
    )
  })

  test('each part of a profile can be switched off', async () => {
    const off = { panel: false, growth: false, timeline: false }
    const seen: [Record<string, boolean>, number, number][] = [
      [{ ...off, growth: true }, 0, 1],
      [{ ...off, panel: true }, 1, 0],
    ]
    for (const [settings, characters, details] of seen) {
      await all.opened(`/profile/${first.handle}`, { people, own: first.handle, settings }, async (page) => {
        await page.locator(PANEL).waitFor()
        assert.equal(await page.locator(`${PANEL} .bsky-rpg-character`).count(), characters)
        assert.equal(await page.locator(`${PANEL} details`).count(), details)
      })
    }
    await all.opened(
      `/profile/${first.handle}`,
      { people, settings: { ...off, badges: false } },
      async (page, relay) => {
        await page.waitForSelector('a[href^="/profile/"]')
        await idle(page)
        assert.deepEqual([await page.locator(OURS).count(), relay.asked.length], [0, 0])
      },
    )
  })

  test('what is for oneself only leaves the profiles of others alone, and asks nothing about them', async () => {
    const settings = { panel: false, badges: false }
    const path = `/profile/${second.handle}`
    await all.opened(path, { people, own: first.handle, settings }, async (page, relay) => {
      await page.waitForSelector('a[href^="/profile/"]')
      await idle(page)
      assert.deepEqual([await page.locator(OURS).count(), relay.asked.length], [0, 0])
    })
    // The page names people by their handles, and the person has set a DID: then the server tells whose it is.
    await all.opened(path, { people, settings: { ...settings, self: first.did } }, async (page, relay) => {
      await until('it is asked whose the DID is', () => relay.batches.length > 0)
      await idle(page)
      const asked = relay.batches.map(({ path }) => decodeURIComponent(path.split('=')[1] ?? ''))
      assert.deepEqual([await page.locator(OURS).count(), asked], [0, [first.did]])
      await page.evaluate((to) => window.navigate(to), `/profile/${first.handle}`)
      await page.locator(`${PANEL}:visible`).waitFor()
      assert.equal(await page.locator(`${PANEL}:visible details`).count(), 2)
    })
  })

  const PAUSES: [what: string, fault: Fault][] = [
    ['wanted a pause', () => ({ status: 429, headers: { 'retry-after': '2' } })],
    ['did not answer', () => 'break'],
  ]
  for (const [what, fault] of PAUSES) {
    test(`a panel comes though the server ${what} at first`, async () => {
      const prepare = (relay: { fault: Fault }): void => {
        relay.fault = fault
      }
      const settings = { badges: false }
      const options = { people: all.shown.slice(0, 60), settings, prepare }
      await all.opened(`/profile/${second.handle}`, options, async (page, relay) => {
        await until('it is asked', () => relay.asked.length > 0)
        relay.fault = () => 'pass'
        await page.mouse.wheel(0, 700)
        await page.locator(PANEL).waitFor({ state: 'attached' })
        assert.match((await page.locator(PANEL).textContent()) ?? '', /XP · \d+ to level \d+/)
      })
    })
  }

  test('a profile that was left is asked about no more', async () => {
    const prepare = (relay: { fault: Fault }): void => {
      relay.fault = () => ({ status: 429, headers: { 'retry-after': '1' } })
    }
    const options = { people, settings: { badges: false }, prepare }
    await all.opened(`/profile/${second.handle}`, options, async (page, relay) => {
      await until('it is asked', () => relay.asked.length > 0)
      await change(page, { people: [] })
      await idle(page)
      const asked = relay.asked.length
      // Four of the server's pauses.
      for (let n = 0; n < 4; n++) await idle(page)
      assert.ok(relay.asked.length <= asked + 1, `${relay.asked.length - asked} further requests`)
    })
  })

  test('while a picture lacks its description, one line after the app’s own notice says what it gives', async () => {
    const images = [
      { id: 1, described: true },
      { id: 2, described: false },
    ]
    await all.opened('/', { people, own: first.handle, composer: { images } }, async (page) => {
      const line = page.locator(LINE)
      await line.getByText('+10 XP').waitFor()
      assert.equal(await line.count(), 1)
      assert.match(await line.innerText(), /^People who cannot see the pictures will thank you .* \+10 XP/)
      assert.match(
        (await line.evaluate((element) => element.previousElementSibling?.textContent)) ?? '',
        /^Alt text describes images/,
      )
      await line.getByText('How to write one').click()
      assert.equal(await line.getByRole('listitem').count(), 3)
      assert.deepEqual(await seriousIn(page, LINE), [])
      await change(page, { composer: { images: images.map((image) => ({ ...image, described: true })) } })
      await line.waitFor({ state: 'detached' })
      await change(page, { composer: { images } })
      await line.waitFor()
      await change(page, { composer: undefined })
      await line.waitFor({ state: 'detached' })
    })
  })

  test('a GIF and a video have their line, and a post without media has none', async () => {
    await all.opened('/', { people, composer: { gif: 'bare' } }, async (page) => {
      const line = page.locator(LINE)
      await line.getByText('GIF').waitFor()
      await change(page, { composer: { gif: 'described' } })
      await line.waitFor({ state: 'detached' })
      await change(page, { composer: { video: true } })
      await line.getByText('video').waitFor()
      assert.equal(await line.count(), 1)
      await change(page, { composer: {} })
      await line.waitFor({ state: 'detached' })
    })
  })

  test('the line can be switched off, and needs no server that answers', async () => {
    const composer = { images: [{ id: 1, described: false }] }
    await all.opened('/', { people, composer, settings: { coach: false } }, async (page) => {
      await page.locator('.bsky-rpg-badge').first().waitFor()
      await idle(page)
      assert.equal(await page.locator(LINE).count(), 0)
    })
    await all.opened(
      '/',
      {
        people,
        composer,
        prepare: (relay) => {
          relay.fault = () => 'break'
        },
      },
      async (page) => {
        await page.locator(LINE).waitFor()
        assert.doesNotMatch(await page.locator(LINE).innerText(), /XP/)
      },
    )
  })
}

function change(page: Page, changes: object): Promise<void> {
  return page.evaluate((to) => window.change(to), changes)
}

function entry(overrides: object): object {
  return {
    uri: 'at://did:plc:alice/app.bsky.feed.post/3mdjzqxtyk227',
    type: 'app.bsky.feed.post',
    at: '2026-01-28T11:59:58.000Z',
    ...overrides,
  }
}
