// The panel below a profile's header; on one's own profile also how to grow, and what happened.
import { i18n } from '#i18n'
import { actorOfPath } from '../actor.ts'
import type { Character } from '../client/character.ts'
import type { Found } from '../client/lookups.ts'
import { ask } from '../messages.ts'
import type { Settings } from '../settings.ts'
import { characterView } from '../ui/character-view.ts'
import { el, OURS } from '../ui/element.ts'
import { count } from '../ui/format.ts'
import { growthView, thisWeek } from '../ui/growth-view.ts'
import { timelineView } from '../ui/timeline-view.ts'
import { insertQuietly } from './insert-quietly.ts'
import type { OwnAccount } from './own-account.ts'

const FOLLOWERS = 'a[data-testid="profileHeaderFollowersButton"]'
const DESCRIPTION = '[data-testid="profileHeaderDescription"]'

/** The least time before the server is asked again, and the time where the background gave no answer. */
const MIN_RETRY_MS = 1_000
const NO_ANSWER_MS = 5_000

type Known = Extract<Found, { kind: 'known' }>
/** A profile's header, and the panel below it once there is a character. */
type Header = { actor: string; since: number; stop: AbortController; panel: HTMLElement | undefined }

export class Panels {
  readonly #settings: Settings
  readonly #own: OwnAccount
  readonly #headers = new Map<Element, Header>()

  constructor(settings: Settings, own: OwnAccount) {
    this.#settings = settings
    this.#own = own
  }

  /** Looks at the headers that are there now. */
  settled(): void {
    const columns = new Map<Element, string>()
    if (location.pathname.startsWith('/profile/')) {
      for (const button of document.querySelectorAll(FOLLOWERS)) {
        const actor = actorOfPath((button.getAttribute('href') ?? '').replace(/\/followers\/?$/, ''))
        const column = columnOf(button)
        if (actor !== undefined && column !== undefined) columns.set(column, actor)
      }
    }
    for (const [column, header] of this.#headers) {
      // Screens that were left stay on the page, invisible, with their panels.
      const gone = !column.isConnected || (columns.has(column) && columns.get(column) !== header.actor)
      if (gone) this.#drop(column, header)
    }
    for (const [column, actor] of columns) if (!this.#headers.has(column)) void this.#add(column, actor)
  }

  stop(): void {
    for (const [column, header] of this.#headers) this.#drop(column, header)
  }

  #drop(column: Element, header: Header): void {
    hide(header)
    this.#headers.delete(column)
  }

  async #add(column: Element, actor: string): Promise<void> {
    const header: Header = { actor, since: performance.now(), stop: new AbortController(), panel: undefined }
    this.#headers.set(column, header)
    const { signal } = header.stop
    const isOwn = await this.#own.is(actor)
    // What is for oneself only is on one's own profile only: about others there is nothing to ask then.
    if (!isOwn && !this.#settings.panel) return
    let found = await knownOf(actor, signal)
    if (found === undefined || signal.aborted) return
    header.panel = this.#panelOf(found.character, isOwn)
    insertQuietly(header.panel, column, { appearedMs: header.since, signal })
    while (found !== undefined && found.retryMs !== null) {
      await pause(found.retryMs, signal)
      found = await knownOf(actor, signal)
    }
    // It came from an older answer, and meanwhile the person has hidden.
    if (found === undefined) hide(header)
  }

  #panelOf(character: Character, isOwn: boolean): HTMLElement {
    const { panel, growth, timeline, server } = this.#settings
    const { parts, week } = characterView(character, server)
    const box = el('section', {
      class: `${OURS} bsky-rpg-panel`,
      'aria-label': i18n.t('panel.label'),
      'data-tier': character.tier,
    })
    if (panel) box.append(el('div', { class: 'bsky-rpg-character' }, ...parts))
    if (isOwn && growth) box.append(disclosure(i18n.t('panel.growth'), () => growthOf(character.did)))
    if (isOwn && timeline) box.append(disclosure(i18n.t('panel.timeline'), () => timelineOf(character.did)))
    if (panel) void showWeek(week, character.did)
    return box
  }
}

function hide({ stop, panel }: Header): void {
  stop.abort()
  panel?.remove()
}

/** The character of `actor`, once the server can tell; `undefined` if there is none, or `signal` ended it. */
async function knownOf(actor: string, signal: AbortSignal): Promise<Known | undefined> {
  while (!signal.aborted) {
    const answers = await ask('characters', { actors: [actor] })
    const found = answers?.[0]
    if (found?.kind === 'known') return found
    if (found?.kind === 'unknown') return undefined
    await pause(Math.max(MIN_RETRY_MS, found?.retryMs ?? NO_ANSWER_MS), signal)
  }
  return undefined
}

/** Resolves after `ms`, or as soon as `signal` is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}

/** The column that a header's numbers and description stand in. */
function columnOf(button: Element): Element | undefined {
  const column = button.parentElement?.parentElement ?? undefined
  const outer = column?.parentElement
  return outer?.querySelector(`:scope > ${DESCRIPTION}`) == null ? column : outer
}

async function showWeek(week: HTMLElement, did: string): Promise<void> {
  const insights = await ask('insights', { actor: did })
  if (insights?.kind !== 'ok') return
  const earned = thisWeek(insights.value)
  week.textContent = i18n.t('character.week', [count(earned)])
}

/** A part that is closed at first and loaded when it is first opened: only then does anything on the page move. */
function disclosure(name: string, load: () => Promise<HTMLElement>): HTMLElement {
  const details = el('details', { class: 'bsky-rpg-more' }, el('summary', {}, name))
  const open = async (): Promise<void> => {
    details.removeEventListener('toggle', open)
    details.append(await load())
  }
  details.addEventListener('toggle', open)
  return details
}

async function growthOf(did: string): Promise<HTMLElement> {
  const insights = await ask('insights', { actor: did })
  return insights?.kind === 'ok' ? growthView(insights.value) : el('p', {}, i18n.t('timeline.failed'))
}

async function timelineOf(did: string): Promise<HTMLElement> {
  const rules = await ask('rules', {})
  return timelineView({
    load: (query) => ask('events', { actor: did, ...query }),
    rules: rules?.kind === 'ok' ? rules.value : undefined,
  })
}
