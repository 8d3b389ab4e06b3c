// The figures of docs: `npm run measure`, in a real Chromium with a real server on a simulated network. It prints how many requests 500
// posts by 500 people take while somebody scrolls through them, and how much of the main thread 100 posts.
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { until } from '../../test/e2e/harness.ts'
import { findChromium } from '../../test/web/chromium.ts'
import { profileOf } from '../test/browser/profile.ts'
import { BADGE, Surroundings, scrollThrough } from '../test/browser/suite.ts'

const POSTS = 500
const RUNS = 5

await using all = await Surroundings.start(findChromium())
const people = all.shown.slice(0, POSTS)
for (let run = 1; run <= RUNS; run++) {
  await all.opened('/', { people, plain: true }, async (page, relay) => {
    const began = performance.now()
    const ms = await profileOf(page, async () => {
      await page.reload()
      await scrollThrough(page)
      await until('everybody is marked', async () => (await page.locator(BADGE).count()) === POSTS)
    })
    const seconds = ((performance.now() - began) / 1_000).toFixed(1)
    const each = ((ms * 100) / POSTS).toFixed(1)
    console.log(`${POSTS} posts in ${seconds} s: ${relay.batches.length} requests, ${each} ms for 100 posts`)
  })
}
for (const file of ['content-scripts/page.js', 'content-scripts/page.css']) {
  const path = fileURLToPath(new URL(`../.output/chrome-mv3-test/${file}`, import.meta.url))
  console.log(`${file}: ${statSync(path).size} bytes`)
}
