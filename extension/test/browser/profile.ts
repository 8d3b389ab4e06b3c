import type { Page } from 'playwright-core'

/** Milliseconds of the page's main thread that the extension's own functions took during `work`, what they called included. */
export async function profileOf(page: Page, work: () => Promise<void>): Promise<number> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Profiler.enable')
  await cdp.send('Profiler.setSamplingInterval', { interval: 200 })
  await cdp.send('Profiler.start')
  await work()
  const { profile } = await cdp.send('Profiler.stop')
  await cdp.detach()
  const parents = new Map<number, number>()
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  for (const { id, children = [] } of profile.nodes) for (const child of children) parents.set(child, id)
  const isOurs = (id: number | undefined): boolean => {
    for (let at = id; at !== undefined; at = parents.get(at)) {
      if (nodes.get(at)?.callFrame.url.startsWith('chrome-extension://')) return true
    }
    return false
  }
  const { samples = [], timeDeltas = [] } = profile
  let micros = 0
  for (const [n, id] of samples.entries()) if (isOurs(id)) micros += timeDeltas[n] ?? 0
  return micros / 1_000
}
