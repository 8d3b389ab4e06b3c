// A badge: one leaf right after a name.
import { i18n } from '#i18n'
import type { Character } from '../client/character.ts'
import { el, OURS } from '../ui/element.ts'
import { count, plain } from '../ui/format.ts'

export function badge(character: Character): HTMLElement {
  const leaf = el('span', { class: `${OURS} bsky-rpg-badge`, role: 'img' })
  update(leaf, character)
  return leaf
}

/** Has `leaf` show `character`, without touching what is right already. */
export function update(leaf: HTMLElement, { level, title, tier }: Character): void {
  const text = count(level)
  const label = i18n.t('badge.label', [text, plain(title)])
  if (leaf.textContent !== text) leaf.textContent = text
  if (leaf.getAttribute('aria-label') !== label) leaf.setAttribute('aria-label', label)
  leaf.dataset.tier = String(tier)
}
