// What the person has chosen. It is kept in the browser's local storage and nowhere else.
import * as v from 'valibot'
import { browser } from 'wxt/browser'
import { serverAddress } from './client/server-address.ts'

/** The server that an operator built the extension for, if any. */
const PRESET = serverAddress(String(import.meta.env.WXT_DEFAULT_SERVER ?? '')) ?? ''

export const Settings = v.object({
  /** The server's origin; empty until the person has chosen one, and nothing is asked before. */
  server: v.fallback(v.string(), PRESET),
  badges: v.fallback(v.boolean(), true),
  panel: v.fallback(v.boolean(), true),
  /** The line in the composer. */
  coach: v.fallback(v.boolean(), true),
  /** How to grow, on one's own profile. */
  growth: v.fallback(v.boolean(), true),
  /** The latest entries of the ledger, on one's own profile. */
  timeline: v.fallback(v.boolean(), true),
  celebrate: v.fallback(v.boolean(), false),
  /** The person's own handle or DID, where the page does not tell; empty: by the page. */
  self: v.fallback(v.string(), ''),
})

export type Settings = v.InferOutput<typeof Settings>

/** The parts that can be switched, in the order in which they are shown. */
export const PARTS = ['badges', 'panel', 'coach', 'growth', 'timeline', 'celebrate'] as const

export type Part = (typeof PARTS)[number]

const KEY = 'settings'

export async function readSettings(): Promise<Settings> {
  const stored = await browser.storage.local.get(KEY)
  return settingsOf(stored[KEY])
}

/** Changes of several pages come one after the other: two at once would both begin with what was there before, and one be lost. */
export async function changeSettings(changes: Partial<Settings>): Promise<void> {
  await navigator.locks.request(KEY, async () => {
    await browser.storage.local.set({ [KEY]: { ...(await readSettings()), ...changes } })
  })
}

/** Calls `changed` with the settings after each change, by whichever page. @returns ends it */
export function onSettings(changed: (settings: Settings) => void): () => void {
  const listener = (changes: Record<string, { newValue?: unknown }>, area: string): void => {
    const change = changes[KEY]
    if (area === 'local' && change !== undefined) changed(settingsOf(change.newValue))
  }
  browser.storage.onChanged.addListener(listener)
  return () => browser.storage.onChanged.removeListener(listener)
}

function settingsOf(value: unknown): Settings {
  const read = v.safeParse(Settings, value ?? {})
  return read.success ? read.output : v.parse(Settings, {})
}
