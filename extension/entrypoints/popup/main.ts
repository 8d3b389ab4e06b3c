// The popup: oneself, somebody by their handle, and what happened lately.

import { browser } from 'wxt/browser'
import { i18n } from '#i18n'
import { actorIn } from '../../src/actor.ts'
import { ask } from '../../src/messages.ts'
import { ownActor } from '../../src/own-account.ts'
import { readSettings } from '../../src/settings.ts'
import { characterView } from '../../src/ui/character-view.ts'
import { el } from '../../src/ui/element.ts'
import { count, plain } from '../../src/ui/format.ts'
import { thisWeek } from '../../src/ui/growth-view.ts'
import { timelineView } from '../../src/ui/timeline-view.ts'

/** Who was asked for last. It stands before the first look-up: what follows an await at the top runs after that look-up's answer. */
let shown = ''

const main = document.querySelector('#popup') ?? document.body
document.documentElement.lang = browser.i18n.getUILanguage()
const settingsButton = el('button', { type: 'button', class: 'bsky-rpg-button' }, i18n.t('popup.settings'))
settingsButton.addEventListener('click', () => void browser.runtime.openOptionsPage())
main.append(el('header', {}, el('h1', {}, i18n.t('popup.title')), settingsButton))

const { server } = await readSettings()
if (server === '') {
  main.append(el('p', { role: 'status' }, i18n.t('popup.noServer')))
} else {
  const found = el('div', { role: 'region', 'aria-live': 'polite', 'aria-label': i18n.t('popup.find') })
  main.append(
    lookUpForm((actor) => void show(actor, found)),
    found,
  )
  const own = await ownActor()
  if (own === undefined) found.append(el('p', { class: 'soft small' }, i18n.t('popup.noSelf')))
  else await show(own, found)
}

function lookUpForm(chosen: (actor: string) => void): HTMLElement {
  const input = el('input', {
    type: 'text',
    id: 'actor',
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
    placeholder: i18n.t('popup.placeholder'),
    'aria-describedby': 'actor-problem',
  })
  const problem = el('p', { id: 'actor-problem', class: 'problem small', role: 'alert' })
  const form = el(
    'form',
    {},
    el('div', { class: 'field' }, el('label', { for: 'actor' }, i18n.t('popup.lookUp')), input),
    el('button', { class: 'solid' }, i18n.t('popup.find')),
    problem,
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const actor = actorIn(input.value)
    problem.textContent = actor === undefined ? i18n.t('popup.notAName') : ''
    if (actor !== undefined) chosen(actor)
  })
  return form
}

async function show(actor: string, place: HTMLElement): Promise<void> {
  shown = actor
  place.replaceChildren(el('p', { class: 'soft' }, i18n.t('popup.searching')))
  const [answers, rules] = await Promise.all([ask('characters', { actors: [actor] }), ask('rules', {})])
  // Somebody else was asked for meanwhile.
  if (shown !== actor) return
  const found = answers?.[0]
  if (found?.kind !== 'known') {
    place.replaceChildren(el('p', {}, i18n.t(found?.kind === 'unknown' ? 'popup.unknown' : 'popup.failed')))
    return
  }
  const { character } = found
  const { parts, week } = characterView(character, server)
  const name = plain(character.displayName ?? '') || (character.handle ?? character.did)
  place.replaceChildren(
    el(
      'section',
      { class: 'card', 'data-tier': character.tier },
      el('h2', {}, el('bdi', {}, name)),
      el('div', { class: 'bsky-rpg-character' }, ...parts),
      el('h2', {}, i18n.t('popup.happened')),
      timelineView({
        load: (query) => ask('events', { actor: character.did, ...query }),
        rules: rules?.kind === 'ok' ? rules.value : undefined,
      }),
    ),
  )
  const insights = await ask('insights', { actor: character.did })
  if (insights?.kind === 'ok') week.textContent = i18n.t('character.week', [count(thisWeek(insights.value))])
}
