// Apps that are made of the same source and have the same pages. Each is off until the person switches it on, which asks the browser
// for its permission; another one is one more line here.
import { browser } from 'wxt/browser'
import { patternOf } from '../client/server-address.ts'
import type { Notice } from '../messages.ts'

export const FORKS = ['https://blacksky.community'] as const

const ID = 'forks'

let registering = Promise.resolve()

/** Has the page script leave open pages of `sites`, given as match patterns. */
export async function leavePages(sites: readonly string[]): Promise<void> {
  const notice: Notice = { kind: 'unpermitted', sites }
  // Which tabs show these sites is not told any more.
  for (const { id } of await browser.tabs.query({})) {
    // Most tabs have no page script.
    if (id !== undefined) void browser.tabs.sendMessage(id, notice).catch(() => {})
  }
}

/** Has the page script run on the forks that the browser permits, and on no other. */
export function registerForks(): Promise<void> {
  // One after the other: two at once would both find none and register the same.
  registering = registering.then(register, register)
  return registering
}

async function register(): Promise<void> {
  const matches: string[] = []
  for (const fork of FORKS) {
    const pattern = patternOf(fork)
    if (await browser.permissions.contains({ origins: [pattern] })) matches.push(pattern)
  }
  const [script] = browser.runtime.getManifest().content_scripts ?? []
  const registered = await browser.scripting.getRegisteredContentScripts({ ids: [ID] })
  if (registered.length > 0) await browser.scripting.unregisterContentScripts({ ids: [ID] })
  if (matches.length === 0 || script === undefined) return
  await browser.scripting.registerContentScripts([
    { id: ID, matches, js: script.js ?? [], css: script.css ?? [], runAt: 'document_idle' },
  ])
}
