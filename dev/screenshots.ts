// Pictures of the pages of a running server: `npm run screenshots -- http://127.0.0.1:8000 folder [path]...`. Each path is
// taken in both themes, at the widths of a phone and of a laptop. They are to be looked at; nothing compares them.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { findChromium, startChromium } from '../test/web/chromium.ts'

const [url, folder, ...named] = process.argv.slice(2)
const path = findChromium()
if (url === undefined || folder === undefined || path === undefined) {
  throw new Error('usage: npm run screenshots -- <url> <folder> [path]...; it needs an installed Chromium')
}
const paths = named.length > 0 ? named : await pathsOf(url)
mkdirSync(folder, { recursive: true })
await using browser = await startChromium(path)
for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [390, 1280]) {
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } })
    for (const at of paths) {
      await page.goto(new URL(at, url).href)
      await page.waitForLoadState('load')
      const name = at === '/' ? 'home' : at.replaceAll(/[^\w.-]+/g, '-').replace(/^-/, '')
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`), fullPage: true })
    }
    await page.close()
  }
}

/** Every kind of page, with the sheet of the first on the board. */
async function pathsOf(server: string): Promise<string[]> {
  const board = (await (await fetch(`${server}/v1/leaderboards/all?limit=1`)).json()) as {
    items: { character: { did: string } }[]
  }
  const first = board.items[0]?.character.did
  return [
    '/',
    ...(first === undefined ? [] : [`/@${first}`]),
    '/boards',
    '/rules',
    '/about',
    '/help/alt-text',
    '/@nobody.example',
    '/nothing-here',
  ]
}
