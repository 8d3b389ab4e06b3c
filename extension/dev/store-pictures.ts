// The pictures that the stores ask for, from the extension at work: `npm run pictures`. Five in each theme, 1,280 by 800 pixels, and
// Chrome's small tile, 440 by 280. They are to be looked at; nothing compares them. The people on them are simulated.
import { mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { findChromium } from '../../test/web/chromium.ts'
import { BADGE, type OpenOptions, Surroundings } from '../test/browser/suite.ts'

type Theme = 'light' | 'dark'
/** What a picture says, and how to take what it shows. */
type Scene = { name: string; title: string; text: string; take: (theme: Theme) => Promise<string[]> }

const folder = fileURLToPath(new URL('../store/pictures/', import.meta.url))
const mark = readFileSync(new URL('../icon.svg', import.meta.url), 'utf8')
/** What the page of shapes has for tests only. */
const UNSIGHTLY = '[data-testid=postText] a[href*="mentionedmention"] { display: none }'
const HEIGHT = 720

const STYLE = `
  * { box-sizing: border-box; margin: 0 }
  body { width: 100vw; height: 100vh; overflow: hidden; display: flex; font: 22px/1.45 system-ui, "Noto Sans", sans-serif }
  .light { background: #f6f2ea; color: #1e222a; --soft: #585f6c; --line: #cfc9bb }
  .dark { background: #171b23; color: #ece8df; --soft: #a3adbc; --line: #3a4352 }
  header { width: 480px; padding: 0 40px 0 64px; align-self: center; flex: none }
  .mark { display: flex; gap: 14px; align-items: center; font-size: 26px }
  .mark svg { width: 52px; height: 52px; flex: none }
  h1 { margin: 40px 0 18px; font: 700 46px/1.15 Palatino, P052, Georgia, "Noto Serif", serif; text-wrap: balance }
  p { color: var(--soft) }
  main { flex: 1; display: flex; gap: 24px; align-items: center; padding-right: 40px; justify-content: center }
  main img { border-radius: 14px; outline: 1px solid var(--line); box-shadow: 0 12px 40px #0003; min-width: 0 }
  .tile { flex-direction: column; gap: 14px; justify-content: center; padding: 0 44px; font-size: 21px }
  .tile .mark { font-size: 40px }
  .tile .mark svg { width: 76px; height: 76px }
  .row { display: flex; gap: 12px; align-items: center }
`

mkdirSync(folder, { recursive: true })
await using all = await Surroundings.start(findChromium())
// Of people with the same name one is enough.
const people = [
  ...new Map(
    all.shown.map((person) => [person.name.replace(/ \d+$/, ''), person] as const).reverse(),
  ).entries(),
]
  .map(([name, person]) => ({ ...person, name }))
  .sort((a, b) => b.level - a.level)
  .slice(0, 40)
const [own, , , other] = people.map(({ handle }) => handle)
const images = [
  { id: 1, described: true },
  { id: 2, described: false },
]

const SCENES: readonly Scene[] = [
  {
    name: 'levels',
    title: 'Levels beside names',
    text: 'In feeds, threads, search, notifications and quotes, in the colour of the title. More on hover and focus.',
    take: (theme) =>
      onPage('/', { theme }, async (page) => {
        await page.locator(BADGE).first().hover()
        await page.getByRole('tooltip').waitFor()
      }),
  },
  {
    name: 'profile',
    title: 'A panel on profiles',
    text: 'Level, title, experience, rank, four attributes and this week, from public records that anyone can check.',
    take: (theme) =>
      onPage(`/profile/${other}`, { theme }, async (page) => {
        await page.locator('.bsky-rpg-week:not(:empty)').waitFor()
      }),
  },
  {
    name: 'own-profile',
    title: 'How to grow, and what happened',
    text: 'For yourself only: described media, streak, the next level, and every entry of your ledger with its reason.',
    take: (theme) =>
      onPage(`/profile/${own}`, { theme }, async (page) => {
        await page.getByText('How to grow').click()
        await page.getByText('What happened').click()
        await page.locator('.bsky-rpg-entries li').first().waitFor()
        await page.locator('.bsky-rpg-growth').waitFor()
        await page.evaluate(() => scrollTo(0, 100))
      }),
  },
  {
    name: 'coach',
    title: 'A quiet coach',
    text: 'One line while your pictures lack a description: who will thank you for one, and how to write it.',
    take: (theme) =>
      onPage('/', { theme, composer: { images } }, async (page) => {
        await page.getByText('How to write one').click()
        await page.locator(BADGE).first().waitFor()
      }),
  },
  {
    name: 'popup',
    title: 'Any server, your choice',
    text: 'Look up anybody by their handle. Each part can be switched off, and the settings say what is sent where.',
    take: async (theme) => [await ownPage('popup', theme), await ownPage('options', theme)],
  },
]

const desk = await all.extension.context.newPage()
for (const theme of ['light', 'dark'] as const) {
  for (const [n, scene] of SCENES.entries()) {
    const shots = await scene.take(theme)
    await picture(`${n + 1}-${scene.name}-${theme}`, 1280, 800, posterOf(scene, shots, theme))
  }
}
await picture('tile', 440, 280, tileOf(await badgesOf()))

/** Takes https://bsky.app at `path`, once it is `ready`. */
async function onPage(
  path: string,
  options: Partial<OpenOptions>,
  ready: (page: Page) => Promise<void>,
): Promise<string[]> {
  let shot = ''
  await all.opened(path, { people, width: 640, own: own ?? '', ...options }, async (page) => {
    await page.setViewportSize({ width: 640, height: HEIGHT })
    await page.addStyleTag({ content: UNSIGHTLY })
    await ready(page)
    shot = await taken(page)
  })
  return [shot]
}

async function ownPage(name: 'popup' | 'options', colorScheme: Theme): Promise<string> {
  await all.extension.configure({ server: all.network.url, self: own ?? '' })
  const page = await all.extension.openOwn(name)
  await page.setViewportSize({ width: 380, height: HEIGHT })
  await page.emulateMedia({ colorScheme })
  if (name === 'popup') await page.locator('.bsky-rpg-entries li').first().waitFor()
  else {
    await page.getByRole('button', { name: 'Test and use' }).click()
    await page.getByText('It is in use now.').waitFor()
  }
  const shot = await taken(page)
  await page.close()
  return shot
}

/** Badges of a feed as large as the tile shows them, one picture each. */
async function badgesOf(): Promise<string[]> {
  const shots: string[] = []
  await all.opened('/', { people, theme: 'light' }, async (page) => {
    const badges = page.locator(BADGE)
    await badges.first().waitFor()
    await page.addStyleTag({ content: 'body { background: #f6f2ea !important; zoom: 2.4 }' })
    for (let n = 0; n < 5; n++) shots.push(dataUrl(await badges.nth(n).screenshot()))
  })
  return shots
}

async function taken(page: Page): Promise<string> {
  return dataUrl(await page.screenshot())
}

function dataUrl(png: Buffer): string {
  return `data:image/png;base64,${png.toString('base64')}`
}

async function picture(name: string, width: number, height: number, html: string): Promise<void> {
  await desk.setViewportSize({ width, height })
  await desk.setContent(html)
  await desk.waitForFunction(() => [...document.images].every(({ complete }) => complete))
  await desk.screenshot({ path: `${folder}${name}.png` })
}

function posterOf({ title, text }: Scene, shots: readonly string[], theme: Theme): string {
  const pages = shots.map((shot) => `<img src="${shot}" alt="">`).join('')
  return `<!doctype html><style>${STYLE}</style><body class="${theme}">
    <header><div class="mark">${mark}<b>bsky-rpg</b></div><h1>${title}</h1><p>${text}</p></header>
    <main>${pages}</main>`
}

function tileOf(badges: readonly string[]): string {
  const row = badges.map((badge) => `<img src="${badge}" alt="">`).join('')
  return `<!doctype html><style>${STYLE}</style><body class="light tile">
    <div class="mark">${mark}<b>bsky-rpg</b></div><p>Levels beside names on Bluesky</p><div class="row">${row}</div>`
}
