import type { Static } from 'typebox'
import { levelOf } from '../game/levels.ts'
import type { Rulebook } from '../game/rulebook.ts'
import type { Character } from '../store/store.ts'
import { noRanks } from './problem.ts'
import type { Ranks } from './ranks.ts'
import type { Levels } from './schemas.ts'

/**
 * The distribution of levels, with the place of `character` in it, as the API answers it.
 * @throws {ProblemError} 503 while no ranks are known
 */
export function levelsWith(
  character: Character | undefined,
  { ranks, rules }: { ranks: Ranks; rules: Rulebook },
): Static<typeof Levels> {
  const levels = ranks.levels()
  if (levels === null) throw noRanks()
  return {
    characters: levels.characters,
    asOf: levels.asOf,
    bands: levels.bands.map((band) => ({ ...band, title: rules.title(band.from) })),
    own: character === undefined ? null : placeOf(character, ranks),
  }
}

function placeOf({ did, experience }: Character, ranks: Ranks) {
  const rank = ranks.of(experience)
  if (rank === null) throw noRanks()
  return { did, level: levelOf(experience), rank, ahead: Math.floor((rank.behind * 100) / rank.of) }
}
