// Draws the extension's icons at all sizes: `npm run icons`. They are committed; building needs no browser.
import { mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { findChromium, startChromium } from '../../test/web/chromium.ts'

const SIZES = [16, 32, 48, 96, 128]
const folder = new URL('../public/icon/', import.meta.url)
const mark = readFileSync(new URL('../icon.svg', import.meta.url), 'utf8')
const path = findChromium()
if (path === undefined) throw new Error('icons are drawn by Chromium, and none is installed')
mkdirSync(folder, { recursive: true })
await using browser = await startChromium(path)
for (const size of SIZES) {
  const page = await browser.newPage({ viewport: { width: size, height: size } })
  await page.setContent(
    `<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${mark}`,
  )
  const file = fileURLToPath(new URL(`${size}.png`, folder))
  await page.screenshot({ path: file, omitBackground: true, clip: { x: 0, y: 0, width: size, height: size } })
  await page.close()
}
