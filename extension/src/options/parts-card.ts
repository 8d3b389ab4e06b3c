// Which parts are on.
import { i18n } from '#i18n'
import { changeSettings, PARTS, type Part, type Settings } from '../settings.ts'
import { el } from '../ui/element.ts'

const WORDS: Readonly<Record<Part, () => [name: string, help: string]>> = {
  badges: () => [i18n.t('options.badges'), i18n.t('options.badgesHelp')],
  panel: () => [i18n.t('options.panel'), i18n.t('options.panelHelp')],
  coach: () => [i18n.t('options.coach'), i18n.t('options.coachHelp')],
  growth: () => [i18n.t('options.growth'), i18n.t('options.growthHelp')],
  timeline: () => [i18n.t('options.timeline'), i18n.t('options.timelineHelp')],
  celebrate: () => [i18n.t('options.celebrate'), i18n.t('options.celebrateHelp')],
}

export function partsCard(settings: Settings): HTMLElement {
  return el(
    'section',
    { class: 'card', 'aria-labelledby': 'parts-title' },
    el('h2', { id: 'parts-title' }, i18n.t('options.parts')),
    ...PARTS.map((part) => {
      const [name, help] = WORDS[part]()
      return toggle({
        id: part,
        name,
        help,
        on: settings[part],
        changed: (on) => void changeSettings({ [part]: on }),
      })
    }),
  )
}

export type ToggleOptions = {
  id: string
  name: string
  help?: string
  on: boolean
  changed: (on: boolean, input: HTMLInputElement) => void
}

/** A checkbox with its label and a line that explains it. */
export function toggle({ id, name, help, on, changed }: ToggleOptions): HTMLElement {
  const input = el('input', {
    type: 'checkbox',
    id,
    checked: on,
    'aria-describedby': help === undefined ? undefined : `${id}-help`,
  })
  input.addEventListener('change', () => changed(input.checked, input))
  return el(
    'div',
    { class: 'switch' },
    input,
    el('label', { for: id }, name),
    help !== undefined && el('small', { id: `${id}-help` }, help),
  )
}
