// The latest entries of somebody's ledger, by kind, page by page.
import { i18n } from '#i18n'
import type { Outcome } from '../client/request.ts'
import type { EventList, LedgerEvent, Rules } from '../client/server.ts'
import { el } from './element.ts'
import { entryWords, kindName, recordAddress } from './entry-words.ts'
import { moment, signed } from './format.ts'

export type TimelineOptions = {
  load: (query: { type: string | null; cursor: string | null }) => Promise<Outcome<EventList> | undefined>
  rules: Rules | undefined
}

const DEFAULT_KINDS = ['app.bsky.feed.post', 'app.bsky.feed.like', 'app.bsky.feed.repost']

/** The entries, with the newest page of all kinds on its way. */
export function timelineView({ load, rules }: TimelineOptions): HTMLElement {
  const list = el('ol', { class: 'bsky-rpg-entries' })
  const state = el('p', { class: 'bsky-rpg-state', role: 'status' })
  const more = el(
    'button',
    { type: 'button', class: 'bsky-rpg-button', hidden: true },
    i18n.t('timeline.more'),
  )
  let query: { type: string | null; cursor: string | null } = { type: null, cursor: null }

  const show = async (asked: typeof query): Promise<void> => {
    query = asked
    state.textContent = i18n.t('timeline.loading')
    more.disabled = true
    const outcome = await load(asked)
    // Another kind was chosen meanwhile.
    if (query !== asked) return
    more.disabled = false
    if (outcome?.kind !== 'ok') {
      state.textContent = i18n.t(outcome?.kind === 'absent' ? 'timeline.unknown' : 'timeline.failed')
      return
    }
    const { items, cursor } = outcome.value
    if (asked.cursor === null) list.replaceChildren()
    list.append(...items.map((event) => entry(event, rules)))
    state.textContent = list.childElementCount === 0 ? i18n.t('timeline.empty') : ''
    more.hidden = cursor === null
    more.onclick = () => void show({ ...asked, cursor })
  }
  const filters = kinds(rules?.collections ?? DEFAULT_KINDS, (type) => void show({ type, cursor: null }))
  void show(query)
  return el('div', { class: 'bsky-rpg-timeline' }, filters, list, state, more)
}

/** A choice of one kind, or all. */
function kinds(collections: readonly string[], chosen: (type: string | null) => void): HTMLElement {
  const group = el('div', { class: 'bsky-rpg-chips', role: 'group', 'aria-label': i18n.t('timeline.kinds') })
  for (const type of [null, ...collections]) {
    const name = type === null ? i18n.t('timeline.all') : kindName(type)
    const chip = el('button', { type: 'button', 'aria-pressed': String(type === null) }, name)
    chip.addEventListener('click', () => {
      for (const other of group.children) other.setAttribute('aria-pressed', String(other === chip))
      chosen(type)
    })
    group.append(chip)
  }
  return group
}

function entry(event: LedgerEvent, rules: Rules | undefined): HTMLElement {
  const { name, why } = entryWords(event, rules)
  const address = recordAddress(event)
  const sign = event.delta > 0 ? 'plus' : event.delta < 0 ? 'minus' : 'none'
  return el(
    'li',
    {},
    el('span', { class: `bsky-rpg-delta bsky-rpg-${sign}` }, `${signed(event.delta)} XP`),
    el(
      'span',
      { class: 'bsky-rpg-what' },
      address === undefined
        ? name
        : el('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, name),
      why !== undefined && el('small', {}, why),
    ),
    el('time', { datetime: event.at }, moment(event.at)),
  )
}
