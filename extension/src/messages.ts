// What pages ask of the background: only it talks to the server, once for all tabs.
import { browser } from 'wxt/browser'
import type { Found } from './client/lookups.ts'
import type { Outcome } from './client/request.ts'
import type { EventList, Insights, LevelUp, Rules } from './client/server.ts'

/** Each question with its answer. */
export type Messages = {
  characters: { ask: { actors: string[] }; answer: Found[] }
  insights: { ask: { actor: string }; answer: Outcome<Insights> }
  events: {
    ask: { actor: string; type: string | null; cursor: string | null }
    answer: Outcome<EventList>
  }
  rules: { ask: Record<never, never>; answer: Outcome<Rules> }
  levelUps: { ask: Record<never, never>; answer: Outcome<LevelUp[]> }
  openSettings: { ask: Record<never, never>; answer: null }
}

export type Kind = keyof Messages
export type Message = { [K in Kind]: { kind: K } & Messages[K]['ask'] }[Kind]

/** What the background tells pages: `sites`, as match patterns, are not permitted any more. */
export type Notice = { kind: 'unpermitted'; sites: readonly string[] }

/** Asks the background. `undefined` where it cannot be reached: the extension was updated or removed under the page. */
export async function ask<K extends Kind>(
  kind: K,
  ask: Messages[K]['ask'],
): Promise<Messages[K]['answer'] | undefined> {
  try {
    return await browser.runtime.sendMessage({ kind, ...ask })
  } catch {
    return undefined
  }
}
