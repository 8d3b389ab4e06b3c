import type { Card } from '../../src/pictures/card.ts'

/** A card in the middle of a level. */
export function card(changes: Partial<Card> = {}): Card {
  return {
    name: 'Cedar Dale',
    handle: '@cedar.example',
    title: 'Bard',
    tier: 4,
    level: 58,
    experience: 5_790,
    missing: 60,
    progress: 40,
    figures: [
      { name: 'Posts', value: 14 },
      { name: 'Reposts', value: 9 },
    ],
    rank: { position: 412, of: 3_905 },
    site: 'rpg.example',
    ...changes,
  }
}
