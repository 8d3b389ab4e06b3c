// Badges in a real Chromium, on a page of bsky.app's shapes, with a real server on a simulated network.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { CDPSession, Page } from 'playwright-core'
import { until } from '../../../test/e2e/harness.ts'
import { answered } from '../client/sample.ts'
import { profileOf } from './profile.ts'
import type { Answer, Fault } from './relay.ts'
import {
  BADGE,
  feedOf,
  idle,
  type Known,
  marked,
  markedAre,
  marksOf,
  OURS,
  type Surroundings,
  scrollThrough,
} from './suite.ts'

/** @param surroundings once they have started */
export function testBadges(surroundings: () => Surroundings): void {
  let all: Surroundings
  let mixed: readonly (Known | { handle: string; name: string })[]

  before(() => {
    all = surroundings()
    mixed = [...all.shown.slice(0, 4), ...all.hidden.slice(0, 2), ...all.shown.slice(4, 6)]
  })

  test('stand beside authors in feeds and quotes, and beside no reposter, mention, reply or hidden person', async () => {
    await all.opened('/', { people: mixed }, async (page, relay) => {
      await markedAre(page, feedOf(mixed))
      assert.equal(relay.batches.length, 1)
    })
  })

  test('stand beside names whose links name the DID', async () => {
    const people = all.shown.slice(0, 4).map((person) => ({ ...person, address: person.did }))
    await all.opened('/', { people }, (page) => markedAre(page, feedOf(people)))
  })

  test('stand in threads, search results, cards and notifications', async () => {
    const [first] = all.shown.slice(0, 1)
    await all.opened(`/profile/${first?.handle}/post/3k`, { people: mixed }, (page) =>
      markedAre(page, [...marksOf(first as Known), ...feedOf(mixed.slice(0, 3))]),
    )
    await all.opened('/notifications', { people: mixed }, (page) =>
      markedAre(page, feedOf(mixed, { quotes: false })),
    )
    await all.opened('/search', { people: mixed }, async (page) => {
      await scrollThrough(page)
      const cards = [...mixed.slice(0, 3), ...mixed.slice(0, 6)]
      await markedAre(page, [...feedOf(cards, { quotes: false }), ...feedOf(mixed.slice(0, 6))])
    })
  })

  test('stay right while React adds marks, renames, reorders, removes and brings back', async () => {
    await all.opened('/', { people: mixed }, async (page) => {
      await markedAre(page, feedOf(mixed))
      const change = (changes: object) => page.evaluate((to) => window.change(to), changes)
      await change({ verified: true })
      await markedAre(page, feedOf(mixed))
      await change({ rename: ' renamed' })
      const renamed = mixed.map((person) => ({ ...person, name: `${person.name} renamed` }))
      await markedAre(page, feedOf(renamed))
      await change({ shift: 3 })
      await markedAre(page, feedOf([...renamed.slice(3), ...renamed.slice(0, 3)]))
      await change({ shift: 0, count: 2 })
      await markedAre(page, feedOf(renamed.slice(0, 2)))
      await change({ count: mixed.length, rename: '' })
      await markedAre(page, feedOf(mixed))
    })
  })

  test('follow a row that becomes another person’s', async () => {
    // The keys of rows are handles; here one row keeps its key and changes its address and name.
    const [a, b] = all.shown as [Known, Known]
    await all.opened('/', { people: [{ ...a, key: 'row' }] as never }, async (page) => {
      await markedAre(page, marksOf(a))
      await page.evaluate((to) => window.change({ people: [to] }), { ...b, key: 'row' })
      await markedAre(page, marksOf(b))
    })
  })

  test('ask fewer than ten times for 500 posts by 500 people, and mark every one', async () => {
    const people = all.shown.slice(0, 500)
    const sent = await all.extension.noteRequests()
    await all.opened('/', { people: [...people], plain: true }, async (page, relay) => {
      await scrollThrough(page)
      await until('everybody is marked', async () => (await page.locator(BADGE).count()) === people.length)
      assert.deepEqual(
        await marked(page),
        people.map(({ name, level }) => [name, String(level)]),
      )
      assert.ok(relay.batches.length < 10, `${relay.batches.length} requests`)
      const times = (await sent()).flatMap(({ url, at }) => (url.includes('/v1/characters?') ? [at] : []))
      assert.equal(times.length, relay.batches.length)
      for (const [n, at] of times.slice(1).entries()) {
        assert.ok(at - (times[n] ?? 0) >= 249, `${at - (times[n] ?? 0)} ms between two requests`)
      }
    })
  })

  test('look up only who was on screen', async () => {
    await all.opened('/', { people: all.shown.slice(0, 200), plain: true }, async (page, relay) => {
      await page.waitForSelector(BADGE)
      const names = relay.batches.flatMap(({ path }) => path.split('=')[1]?.split(',') ?? [])
      assert.ok(names.length >= 8 && names.length <= 20, `${names.length} names`)
    })
  })

  for (const width of [360, 800]) {
    test(`change no height and widen nothing at ${width} pixels, whatever people are called`, async () => {
      const strange = STRANGE.map((name, n) => ({ ...(all.shown[n] as Known), name }))
      const people = [...strange, ...all.shown.slice(20, 30)]
      const paths = ['/', '/search', '/notifications', `/profile/${people[0]?.handle}/post/3k`]
      for (const path of paths) {
        const sizes: object[] = []
        for (const badges of [false, true]) {
          await all.opened(path, { people, width, settings: { badges, panel: false } }, async (page) => {
            await page.waitForSelector('a[href^="/profile/"]')
            if (badges) await page.waitForSelector(BADGE)
            if (badges) assert.deepEqual(await overlaps(page), [])
            sizes.push(await sizesOf(page))
          })
        }
        assert.deepEqual(sizes[1], sizes[0], path)
      }
    })
  }

  test('say what they stand for, to the pointer, to the keyboard and to screen readers', async () => {
    const [first] = all.shown as [Known]
    await all.opened('/', { people: all.shown.slice(0, 3) }, async (page) => {
      const badge = page.locator(BADGE).first()
      await badge.waitFor()
      assert.match((await badge.getAttribute('aria-label')) ?? '', new RegExp(`^Level ${first.level}, \\w+$`))
      await badge.hover()
      const box = page.getByRole('tooltip')
      await box.waitFor()
      assert.match(await box.innerText(), /XP · \d+ to level \d+\s+Rank \d+ of \d+/)
      await page.keyboard.press('Escape')
      await box.waitFor({ state: 'detached' })
      await page.mouse.move(0, 0)
      const link = page.locator(`a[href="/profile/${first.handle}"][dir=auto]`).first()
      await page.keyboard.press('Tab')
      await link.focus()
      await box.waitFor()
      await page.keyboard.press('Tab')
      await box.waitFor({ state: 'detached' })
    })
  })

  test('ask nothing before a server is chosen, and nothing when they are switched off', async () => {
    await all.opened('/', { people: mixed, settings: { server: '' } }, async (page, relay) => {
      await page.waitForSelector('a[href^="/profile/"]')
      await idle(page)
      assert.deepEqual([await page.locator(OURS).count(), relay.asked.length], [0, 0])
    })
    await all.opened('/', { people: mixed, settings: { badges: false } }, async (page, relay) => {
      await page.waitForSelector('a[href^="/profile/"]')
      await idle(page)
      assert.deepEqual([await page.locator(OURS).count(), relay.asked.length], [0, 0])
    })
  })

  test('come and go with the switch in the settings, without a reload', async () => {
    await all.opened('/', { people: mixed }, async (page, relay) => {
      await markedAre(page, feedOf(mixed))
      await all.extension.change({ server: relay.url, badges: false })
      await markedAre(page, [])
      await all.extension.change({ server: relay.url, badges: true })
      await markedAre(page, feedOf(mixed))
    })
  })

  test('are revalidated by ETag', async () => {
    const people = all.shown.slice(0, 5)
    await all.opened('/', { people }, async (page, relay) => {
      await markedAre(page, feedOf(people))
      // Another server in between, and what was known of this one is forgotten.
      await all.extension.change({ server: all.network.url })
      await markedAre(page, feedOf(people))
      await all.extension.configure({ server: relay.url })
      await until('it is asked again', () => relay.batches.length === 2)
      assert.deepEqual(
        relay.batches.map(({ revalidated }) => revalidated),
        [false, true],
      )
    })
  })

  test('work on a fork only where the person permits it', async () => {
    await all.opened('/', { people: mixed, host: 'blacksky.community' }, async (page, relay) => {
      await page.waitForSelector('a[href^="/profile/"]')
      await idle(page)
      assert.deepEqual([await page.locator(OURS).count(), relay.asked.length], [0, 0])
    })
  })

  test('leave no nodes and listeners behind after 50 navigations', async () => {
    await all.opened('/', { people: all.shown.slice(0, 20) }, async (page) => {
      const cdp = await page.context().newCDPSession(page)
      await cdp.send('Performance.enable')
      const around = async (times: number): Promise<void> => {
        for (let n = 0; n < times; n++) {
          const to = n % 2 === 0 ? '/notifications' : `/profile/${all.shown[n % 20]?.handle}`
          await page.evaluate((path) => window.navigate(path), to)
          await page.locator(`${BADGE}:visible`).first().waitFor()
          await page.evaluate(() => window.back())
        }
      }
      await around(10)
      const before = await countsOf(cdp)
      await around(50)
      const after = await countsOf(cdp)
      assert.ok(after.nodes - before.nodes < 100, `${before.nodes} nodes became ${after.nodes}`)
      assert.ok(
        after.listeners - before.listeners < 20,
        `${before.listeners} listeners became ${after.listeners}`,
      )
    })
  })

  test('take less than 50 ms of the main thread for 100 posts', async () => {
    await all.opened('/', { people: all.shown.slice(0, 500), plain: true }, async (page) => {
      const ms = await profileOf(page, async () => {
        await page.reload()
        await scrollThrough(page)
        await until('everybody is marked', async () => (await page.locator(BADGE).count()) === 500)
      })
      assert.ok(ms / 5 < 50, `${ms / 5} ms for 100 posts`)
    })
  })

  const FAULTS: [what: string, fault: Fault][] = [
    ['is dead', () => 'break'],
    ['is slow', () => 'hang'],
    ['wants no more requests', () => ({ status: 429, headers: { 'retry-after': '60' } })],
    ['fails', () => ({ status: 500, body: 'no' })],
    ['answers with something else', () => ({ status: 200, body: '<h1>It works!</h1>' })],
    ['answers with an endless list', () => ({ status: 200, body: `[${'0,'.repeat(2_000_000)}0]` })],
    [
      'claims levels of a billion',
      (path) => (path.startsWith('/v1/characters?') ? lie(path, {}, { level: 1e9 }) : 'pass'),
    ],
  ]
  for (const [what, fault] of FAULTS) {
    test(`leave the page untouched and ask seldom while the server ${what}`, async () => {
      const prepare = (relay: { fault: Fault }): void => {
        relay.fault = fault
      }
      await all.opened('/', { people: all.shown.slice(0, 60), plain: true, prepare }, async (page, relay) => {
        await until('it was asked', () => relay.asked.length > 0)
        await scrollThrough(page)
        await idle(page)
        assert.equal(await page.locator(OURS).count(), 0)
        assert.ok(relay.asked.length < 6, `${relay.asked.length} requests`)
      })
    })
  }

  test('come back when a server that wanted a pause may be asked again', async () => {
    const prepare = (relay: { fault: Fault }): void => {
      relay.fault = () => ({ status: 429, headers: { 'retry-after': '2' } })
    }
    await all.opened('/', { people: mixed, prepare }, async (page, relay) => {
      await until('it was asked', () => relay.asked.length > 0)
      relay.fault = () => 'pass'
      await markedAre(page, feedOf(mixed))
      const times = relay.asked.map(({ at }) => at)
      assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 1_900, `${times}`)
    })
  })

  test('come once the background can answer, where it could not at first', async () => {
    await using broken = await all.extension.breakStorage()
    await all.opened('/', { people: mixed }, async (page) => {
      await until('the background failed', async () => (await broken.failures()) > 0)
      await broken[Symbol.asyncDispose]()
      await markedAre(page, feedOf(mixed))
    })
  })

  test('go soon, with the panel, where they came from an older answer and the person has hidden', async () => {
    const [person] = all.shown as [Known]
    await using clock = await all.extension.clock()
    await all.opened('/', { people: [person] }, async (page, relay) => {
      await markedAre(page, marksOf(person))
      await clock.setAhead(61_000)
      const gate = Promise.withResolvers<void>()
      relay.gate = gate.promise
      relay.fault = hiding
      const feed = await all.extension.open('/', { people: [person] }, 800)
      const profile = await all.extension.open(`/profile/${person.handle}`, { people: [person] }, 800)
      await markedAre(feed, marksOf(person))
      await profile.locator('.bsky-rpg-panel').waitFor()
      gate.resolve()
      await markedAre(feed, [])
      await profile.locator('.bsky-rpg-panel').waitFor({ state: 'detached' })
      await Promise.all([feed.close(), profile.close()])
    })
  })

  test('show markup in a title as text', async () => {
    const title = '<img src=x onerror=alert(1)><b>bold</b>'
    const prepare = (relay: { fault: Fault }): void => {
      relay.fault = (path) => (path.startsWith('/v1/characters?') ? lie(path, { title }) : 'pass')
    }
    await all.opened('/', { people: all.shown.slice(0, 2), prepare }, async (page) => {
      await page.locator(BADGE).first().hover()
      const box = page.getByRole('tooltip')
      await box.waitFor()
      assert.match(await box.innerText(), /<img src=x onerror=alert\(1\)>/)
      assert.equal(await page.locator(`${OURS} img, ${OURS} b b`).count(), 0)
    })
  })

  test('celebrate new levels of people on screen, quietly, and only if switched on', async () => {
    const [a, b] = all.shown as [Known, Known]
    const levelUp = answered({ did: a.did, handle: a.handle, title: 'Herald' }, { level: a.level + 1 })
    const item = { character: levelUp, level: a.level + 1, levelsGained: 1, at: '2026-01-28T11:59:58.000Z' }
    const prepare = (relay: { fault: Fault }): void => {
      relay.fault = (path) =>
        path === '/v1/level-ups'
          ? { status: 200, body: JSON.stringify({ items: [item], cursor: null }) }
          : 'pass'
    }
    await all.opened('/', { people: [a, b], settings: { celebrate: true }, prepare }, async (page, relay) => {
      await page.emulateMedia({ reducedMotion: 'reduce' })
      const raised = page.locator('.bsky-rpg-raised')
      await raised.first().waitFor()
      assert.deepEqual(new Set(await raised.allInnerTexts()), new Set([String(a.level + 1)]))
      const motion = await raised.first().evaluate((leaf) => getComputedStyle(leaf).animationName)
      assert.equal(motion, 'none')
      // What is known of people follows: badges that are made anew do not fall back.
      const asked = relay.batches.length
      await all.extension.change({ server: relay.url, celebrate: false })
      await raised.first().waitFor({ state: 'detached' })
      await markedAre(page, feedOf([{ ...a, level: a.level + 1 }, b]))
      assert.equal(relay.batches.length, asked)
    })
    await all.opened('/', { people: [a, b], prepare }, async (page, relay) => {
      await markedAre(page, feedOf([a, b]))
      assert.ok(relay.asked.every(({ path }) => path !== '/v1/level-ups'))
    })
  })
}

const STRANGE = [
  'אבגדהוזחטיכלמנסעפצקרשת',
  'A really long display name with 🦋 that must be cut because no row has room for all of it',
  '👩🏽‍🚀'.repeat(20),
  '\u202Eevil\u202C',
  '<b>bold</b>',
  'Incomprehensibilities-of-a-name-without-any-place-to-break-it-at-all',
  'é',
]

/** An answer about everybody who is asked for in `path`. */
function lie(path: string, overrides: object, leveling: object = {}): { status: number; body: string } {
  const names = decodeURIComponent(path.split('=')[1] ?? '').split(',')
  const didOf = (n: number): string => `did:plc:liar${n}`
  const items = names.map((handle, n) => answered({ did: didOf(n), handle, ...overrides }, leveling))
  const asked = names.map((name, n) => ({ name, outcome: 'known', did: didOf(n) }))
  return { status: 200, body: JSON.stringify({ items, cursor: null, asked }) }
}

/** An answer that knows nobody of those who are asked for in `path`. */
function hiding(path: string): Answer | 'pass' {
  if (!path.startsWith('/v1/characters?')) return 'pass'
  const names = decodeURIComponent(path.split('=')[1] ?? '').split(',')
  const asked = names.map((name) => ({ name, outcome: 'unknown', did: null }))
  return { status: 200, body: JSON.stringify({ items: [], cursor: null, asked }) }
}

/** The height of the page and of each item, and how wide the page is. */
function sizesOf(page: Page): Promise<object> {
  return page.evaluate(() => {
    const items = document.querySelectorAll(
      '[data-testid*="-by-"], [data-testid^="profileCard-"], [data-testid^="searchAuto"]',
    )
    const { scrollHeight, scrollWidth } = document.documentElement
    return { scrollHeight, scrollWidth, items: [...items].map((item) => item.getBoundingClientRect().height) }
  })
}

/** Badges that lie on the name before them or on what follows. */
function overlaps(page: Page): Promise<string[]> {
  return page.$$eval(BADGE, (all) =>
    all.flatMap((badge) => {
      const own = badge.getBoundingClientRect()
      const isOver = (box: DOMRect): boolean =>
        Math.min(box.right, own.right) - Math.max(box.left, own.left) > 0.5 &&
        Math.min(box.bottom, own.bottom) - Math.max(box.top, own.top) > 0.5
      return [badge.previousElementSibling, badge.nextElementSibling].flatMap((beside) =>
        // A name in running text may go over two lines.
        [...(beside?.getClientRects() ?? [])].some(isOver) ? [beside?.textContent ?? ''] : [],
      )
    }),
  )
}

async function countsOf(cdp: CDPSession): Promise<{ nodes: number; listeners: number }> {
  await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  const value = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? 0
  return { nodes: value('Nodes'), listeners: value('JSEventListeners') }
}
