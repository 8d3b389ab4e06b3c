// A character in a few lines: a ring with the level, the title, numbers, and the four attributes.
import { i18n } from '#i18n'
import type { Character } from '../client/character.ts'
import { el, svg } from './element.ts'
import { count, plain } from './format.ts'

const RADIUS = 25
const CENTRE = 29
const AROUND = 2 * Math.PI * RADIUS

export type CharacterView = {
  /** To be put into a box of class `bsky-rpg-character`. */
  parts: HTMLElement[]
  /** Where what came this week is shown; its height is kept before. */
  week: HTMLElement
}

/** @param server the server's origin, which has the whole sheet */
export function characterView(character: Character, server: string): CharacterView {
  const { title, level, experience, missing, rank } = character
  const facts = [
    i18n.t('character.experience', [count(experience)]),
    missing > 0 && i18n.t('character.missing', [count(missing), count(level + 1)]),
    rank !== null && i18n.t('character.position', [count(rank.position)]),
  ].filter((fact) => fact !== false)
  const week = el('span', { class: 'bsky-rpg-week' })
  const words = el(
    'div',
    { class: 'bsky-rpg-words' },
    el('b', {}, plain(title)),
    el('span', {}, facts.join(' · ')),
    week,
  )
  return { parts: [ring(character), words, attributes(character), sheetLink(character, server)], week }
}

function sheetLink({ did, handle }: Character, server: string): HTMLElement {
  const href = `${server}/@${encodeURI(handle ?? did)}`
  return el(
    'a',
    { class: 'bsky-rpg-sheet', href, target: '_blank', rel: 'noopener noreferrer' },
    i18n.t('character.sheet'),
  )
}

function ring({ level, progress }: Character): HTMLElement {
  const circle = (name: string, dash: string | undefined): SVGElement =>
    svg('circle', {
      class: `bsky-rpg-ring-${name}`,
      cx: CENTRE,
      cy: CENTRE,
      r: RADIUS,
      fill: 'none',
      'stroke-width': 5,
      'stroke-dasharray': dash,
      transform: `rotate(-90 ${CENTRE} ${CENTRE})`,
    })
  const text = count(level)
  const number = svg('text', { x: CENTRE, y: CENTRE, 'text-anchor': 'middle', dy: '0.34em' }, text)
  // A level of six digits has to fit in the ring, too.
  number.style.fontSize = `${Math.min(18, 72 / Math.max(4, text.length))}px`
  const drawing = svg(
    'svg',
    {
      viewBox: `0 0 ${2 * CENTRE} ${2 * CENTRE}`,
      width: 2 * CENTRE,
      height: 2 * CENTRE,
      'aria-hidden': 'true',
    },
    circle('whole', undefined),
    circle('done', `${(AROUND * progress) / 100} ${AROUND}`),
    number,
  )
  const label = i18n.t('character.level', [text, String(progress)])
  return el('span', { class: 'bsky-rpg-ring', role: 'img', 'aria-label': label }, drawing)
}

function attributes({ attributes: { voice, clarity, warmth, echo } }: Character): HTMLElement {
  const list = [
    [i18n.t('attributes.voice'), i18n.t('attributes.voiceOf'), voice],
    [i18n.t('attributes.clarity'), i18n.t('attributes.clarityOf'), clarity],
    [i18n.t('attributes.warmth'), i18n.t('attributes.warmthOf'), warmth],
    [i18n.t('attributes.echo'), i18n.t('attributes.echoOf'), echo],
  ] as const
  return el(
    'dl',
    { class: 'bsky-rpg-attributes' },
    ...list.map(([name, of, value]) =>
      el('div', { title: of }, el('dt', {}, name), el('dd', {}, count(value))),
    ),
  )
}
