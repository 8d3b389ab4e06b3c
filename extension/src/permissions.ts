// What the browser permits beyond bsky.app: for each site by itself, and only as long as it is needed.
import { browser } from 'wxt/browser'
import { patternOf } from './client/server-address.ts'

/**
 * Whether the page that sent a message may ask anything: one of the extension's own, of the app, or of a fork that is permitted still.
 * A page of a fork that was switched off may not have heard of it.
 */
export async function mayAsk({ url }: { url?: string }): Promise<boolean> {
  if (url === undefined || !URL.canParse(url)) return false
  if (url.startsWith(browser.runtime.getURL('/'))) return true
  const { origin } = new URL(url)
  const { content_scripts = [] } = browser.runtime.getManifest()
  if (content_scripts.some(({ matches = [] }) => matches.includes(patternOf(origin)))) return true
  return isPermitted(origin)
}

export function isPermitted(origin: string): Promise<boolean> {
  return browser.permissions.contains({ origins: [patternOf(origin)] })
}

/** Has the browser ask the person, which it does only within a click. @returns whether `origin` is permitted then */
export async function permit(origin: string): Promise<boolean> {
  // It rejects where a policy of the browser forbids the site.
  return browser.permissions.request({ origins: [patternOf(origin)] }).catch(() => false)
}

export async function unpermit(origin: string): Promise<void> {
  await browser.permissions.remove({ origins: [patternOf(origin)] }).catch(() => {})
}

/** Gives back what was permitted for sites that are not in `origins`, such as a server that is not used any more. */
export async function keepOnly(origins: readonly string[]): Promise<void> {
  const kept = new Set(origins.map(patternOf))
  const { host_permissions = [], content_scripts = [] } = browser.runtime.getManifest()
  for (const pattern of [...host_permissions, ...content_scripts.flatMap(({ matches = [] }) => matches)]) {
    kept.add(pattern)
  }
  const { origins: permitted = [] } = await browser.permissions.getAll()
  const unused = permitted.filter((pattern) => !kept.has(pattern))
  if (unused.length > 0) await browser.permissions.remove({ origins: unused }).catch(() => {})
}
