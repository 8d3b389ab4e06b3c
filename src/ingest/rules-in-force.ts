// Which rules a process awards by: those that its settings give must be the ledger's newest ones, or those left for it.
import type { Game } from '../game/game.ts'
import { rulebookOf } from '../game/rule-versions.ts'
import type { RulesState } from '../store/rules.ts'
import { RulesChangedError, type Store } from '../store/store.ts'

/**
 * The game by the ledger's own rules, as `state` says them. A new ledger takes those of the settings.
 * @throws {RulesChangedError} where this program cannot award by them
 */
export function gameInForce(game: Game, { versions, move }: RulesState): Game {
  const newest = versions.at(-1)
  if (newest === undefined) return { ...game, rules: { ...game.rules, version: 1 }, former: undefined }
  const isOwn = newest.fingerprint === game.rules.fingerprint
  const rules = isOwn
    ? { ...game.rules, version: newest.version }
    : rulebookOf({ ...newest, titles: newest.titles ?? game.rules.titles })
  const before = versions.at(-2)
  const former = move && before && rulebookOf(before)
  if (rules === undefined || (move !== undefined && former === undefined)) {
    throw new RulesChangedError(
      `the ledger counts by version ${newest.version} of its rules${move === undefined ? '' : `, to which it is being moved from version ${move.from}`}, and this program has no such rules. Start the program that it was last written with, or run \`bsky-rpg recompute\` while nothing else writes to it.`,
    )
  }
  return { ...game, rules, former }
}

/**
 * The game by which to open the ledger for writing: by the ledger's own rules, with their version, where the settings give these
 * or those that were left for the writer; else as it is, and the store refuses it.
 * @throws {RulesChangedError} where the settings give rules that the ledger has left
 */
export async function openingGame({ rules }: Pick<Store, 'rules'>, game: Game): Promise<Game> {
  const state = await rules.state()
  assertChosen(game, state)
  const { fingerprint } = game.rules
  const newest = state.versions.at(-1)
  const isChosen = newest?.fingerprint === fingerprint || state.wanted?.fingerprint === fingerprint
  return isChosen && !state.isHalfRecomputed ? gameInForce(game, state) : game
}

/**
 * Says what to do where the settings give other rules than the ledger's newest ones.
 * @throws {RulesChangedError}
 */
function assertChosen(game: Game, { versions, isHalfRecomputed, move, wanted }: RulesState): void {
  const { fingerprint } = game.rules
  const newest = versions.at(-1)
  if (isHalfRecomputed || newest === undefined) return
  if (newest.fingerprint === fingerprint || wanted?.fingerprint === fingerprint) return
  const earlier = versions.findLast((version) => version.fingerprint === fingerprint)
  if (earlier === undefined) return
  const moving = move === undefined ? 'has moved' : 'is being moved'
  throw new RulesChangedError(
    `the ledger ${moving} to version ${newest.version} of its rules, and RULES gives version ${earlier.version}, which came before. Give RULES the file of version ${newest.version} (/v1/rules and \`bsky-rpg recompute --dry-run\` show its points), or run \`bsky-rpg recompute\` with these rules to move back to them.`,
  )
}
