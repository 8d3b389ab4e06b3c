import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

type Axe = {
  axe: {
    run(
      root: string,
    ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>
  }
}

/** What axe complains of in `root`. */
export async function seriousIn(page: Page, root: string): Promise<string[]> {
  // Not as an element: the page's policy forbids scripts of others.
  await page.evaluate(SOURCE)
  return page.evaluate(async (selector) => {
    const { violations } = await (window as unknown as Axe).axe.run(selector)
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    )
  }, root)
}
