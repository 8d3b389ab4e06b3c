// Where badges stand on a page of bsky.app’s shapes, and that nothing on it moves.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Page } from 'playwright-core'
import {
  BADGE,
  feedOf,
  type Known,
  markedAre,
  marksOf,
  mixedOf,
  type Surroundings,
  scrollThrough,
} from './suite.ts'

const STRANGE = [
  'אבגדהוזחטיכלמנסעפצקרשת',
  'A really long display name with 🦋 that must be cut because no row has room for all of it',
  '👩🏽‍🚀'.repeat(20),
  '\u202Eevil\u202C',
  '<b>bold</b>',
  'Incomprehensibilities-of-a-name-without-any-place-to-break-it-at-all',
  'é',
]

/** @param surroundings once they have started */
export function testBadgePlaces(surroundings: () => Surroundings): void {
  let all: Surroundings
  let mixed: ReturnType<typeof mixedOf>

  before(() => {
    all = surroundings()
    mixed = mixedOf(all)
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

  for (const width of [360, 800]) {
    test(`change no height and widen nothing at ${width} pixels, whatever people are called`, async () => {
      const strange = STRANGE.map((name, n) => ({ ...(all.shown[n] as Known), name }))
      const people = [...strange, ...all.shown.slice(20, 30)]
      const paths = ['/', '/search', '/notifications', `/profile/${people[0]?.handle}/post/3k`]
      for (const path of paths) {
        const sizes: Sizes[] = []
        for (const badges of [false, true]) {
          await all.opened(path, { people, width, settings: { badges, panel: false } }, async (page) => {
            await page.waitForSelector('a[href^="/profile/"]')
            if (badges) await page.waitForSelector(BADGE)
            if (badges) assert.deepEqual(await overlaps(page), [])
            sizes.push(await sizesOf(page))
          })
        }
        const [without, withBadges] = sizes as [Sizes, Sizes]
        assert.deepEqual(withBadges, without, path)
      }
    })
  }

  test('are left out of notifications that would need one more line for them, and of no others', async () => {
    const count = { shown: 0, leftOut: 0 }
    // Each is a narrow word longer than the one before: whatever the font, some of these texts end where their line does.
    for (const words of [8, 16, 24, 32, 40, 48]) {
      const people = all.shown.slice(0, 8).map((person, n) => ({
        ...person,
        name: Array(words + n)
          .fill('i')
          .join(' '),
      }))
      await all.opened('/notifications', { people, width: 360 }, async (page) => {
        await scrollThrough(page)
        await page.waitForSelector(BADGE)
        const wouldGrow = await growingNames(page, people)
        await markedAre(page, people.filter((_, n) => !wouldGrow[n]).flatMap(marksOf))
        count.shown += wouldGrow.filter((would) => !would).length
        count.leftOut += wouldGrow.filter((would) => would).length
      })
    }
    assert.ok(count.shown > 0 && count.leftOut > 0, JSON.stringify(count))
  })
}

type Sizes = { scrollHeight: number; scrollWidth: number; heights: number[] }

/** The height of the page and of each item, and how wide the page is. */
function sizesOf(page: Page): Promise<Sizes> {
  return page.evaluate(() => {
    const items = document.querySelectorAll(
      '[data-testid*="-by-"], [data-testid^="profileCard-"], [data-testid^="searchAuto"]',
    )
    const { scrollHeight, scrollWidth } = document.documentElement
    const heights = [...items].map((item) => item.getBoundingClientRect().height)
    return { scrollHeight, scrollWidth, heights }
  })
}

/** Of each person's notification whether its text needs one more line with a badge than without. */
function growingNames(page: Page, people: readonly Known[]): Promise<boolean[]> {
  return page.evaluate(
    ([selector, levels]) => {
      const badge = document.querySelector(selector)
      return [...document.querySelectorAll('[data-testid^="feedItem-by-"]')].map((item, n) => {
        const name = item.querySelector('div[dir="auto"] a[href^="/profile/"]')
        const own = name?.nextElementSibling?.matches(selector) ? name.nextElementSibling : undefined
        const added = own ?? (badge?.cloneNode(true) as Element | undefined)
        if (name == null || added === undefined) throw new Error('there is no name, or no badge')
        added.remove()
        const { height } = item.getBoundingClientRect()
        added.textContent = String(levels[n])
        name.after(added)
        const grown = item.getBoundingClientRect().height > height
        if (own === undefined) added.remove()
        return grown
      })
    },
    [BADGE, people.map(({ level }) => level)] as const,
  )
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
