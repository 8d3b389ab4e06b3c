// Who the person is, on which sites the extension works, and what is sent where.

import { i18n } from '#i18n'
import { actorIn } from '../actor.ts'
import { FORKS } from '../background/forks.ts'
import { isPermitted, permit, unpermit } from '../permissions.ts'
import { changeSettings, type Settings } from '../settings.ts'
import { el } from '../ui/element.ts'
import { toggle } from './parts-card.ts'

/** @param found the account that a page last showed as the person's own */
export function selfCard({ self }: Settings, found: string | undefined): HTMLElement {
  const input = el('input', {
    type: 'text',
    id: 'self',
    autocomplete: 'off',
    spellcheck: 'false',
    value: self,
    'aria-describedby': 'self-help',
  })
  const result = el('p', { role: 'status', class: 'small' })
  const form = el(
    'form',
    {},
    el('div', { class: 'field' }, el('label', { for: 'self' }, i18n.t('options.self')), input),
    el('button', { class: 'solid' }, i18n.t('options.save')),
  )
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const actor = input.value.trim() === '' ? '' : actorIn(input.value)
    if (actor !== undefined) await changeSettings({ self: actor })
    result.textContent = i18n.t(actor === undefined ? 'popup.notAName' : 'options.saved')
  })
  return el(
    'section',
    { class: 'card', 'aria-labelledby': 'self-title' },
    el('h2', { id: 'self-title' }, i18n.t('options.you')),
    el('p', { id: 'self-help', class: 'soft small' }, i18n.t('options.selfHelp')),
    found !== undefined && el('p', {}, i18n.t('options.selfFound', [found])),
    form,
    result,
  )
}

export async function sitesCard(): Promise<HTMLElement> {
  const forks = await Promise.all(
    FORKS.map(async (fork) => {
      const { host } = new URL(fork)
      return toggle({
        id: `fork-${host}`,
        name: i18n.t('options.fork', [host]),
        on: await isPermitted(fork),
        changed: async (on, input) => {
          await (on ? permit(fork) : unpermit(fork))
          input.checked = await isPermitted(fork)
        },
      })
    }),
  )
  return el(
    'section',
    { class: 'card', 'aria-labelledby': 'sites-title' },
    el('h2', { id: 'sites-title' }, i18n.t('options.sites')),
    el('p', {}, i18n.t('options.always')),
    ...forks,
  )
}

export function privacyCard({ server }: Settings): HTMLElement {
  const sent = server === '' ? i18n.t('options.privacyNone') : i18n.t('options.privacyNames', [server])
  return el(
    'section',
    { class: 'card', 'aria-labelledby': 'privacy-title' },
    el('h2', { id: 'privacy-title' }, i18n.t('options.privacy')),
    ...[
      sent,
      i18n.t('options.privacyKept'),
      i18n.t('options.privacyLinks'),
      i18n.t('options.privacyNever'),
    ].map((text) => el('p', {}, text)),
  )
}
