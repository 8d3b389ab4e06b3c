import { setImmediate as turn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Did } from '@atcute/lexicons/syntax'
import type { Game } from '../game/game.ts'
import { rulebookOf } from '../game/rule-versions.ts'
import { Ledger } from '../ingest/ledger.ts'
import { preview } from '../ingest/preview.ts'
import { gameInForce } from '../ingest/rules-in-force.ts'
import type { RulesState } from '../store/rules.ts'
import { type Store, StoreBusyError, type Writer } from '../store/store.ts'
import { type Command, CommandError } from './command.ts'
import { interruptible } from './ending.ts'
import { clock, gameOf, storeOf } from './from-config.ts'
import { rulesReport } from './rules-report.ts'

/** People in one transaction. */
const PEOPLE_AT_ONCE = 500
const REPORT_EVERY_MS = 5_000

export const recompute: Command = {
  usage: '',
  summary: 'Move the ledger to the rules that RULES gives, also beside a running ingest',
  flags: {
    'dry-run': {
      type: 'boolean',
      meaning: 'only show whom that would move, and by how much',
    },
  },
  positionals: 0,
  run: interruptible(async ({ config, flags }, signal) => {
    await using store = await storeOf(config, flags['dry-run'] === true ? 'nothing' : 'upgrade', {
      ending: signal,
    })
    const state = await store.rules.state()
    const game = gameOf(config)
    // Awaited here: the store is closed when this returns.
    if (flags['dry-run'] === true) return await show(store, { game, state, signal })
    const moves = canMove(state) && !isAsWanted(state, game)
    return await (moves ? move : judgeAll)(store, { game, state, signal })
  }),
}

type Parts = { game: Game; state: RulesState; signal: AbortSignal }

/** Whether this program can award by the rules in force: only then may two versions be in force at once. */
function canMove({ versions, isHalfRecomputed, move }: RulesState): boolean {
  const [before, newest] = versions.slice(-2).length === 2 ? versions.slice(-2) : [undefined, versions[0]]
  if (newest === undefined || isHalfRecomputed || rulebookOf(newest) === undefined) return false
  return move === undefined || (before !== undefined && rulebookOf(before) !== undefined)
}

/** Whether everybody counts by these rules already: then a recompute awards all records again, which repairs what is wrong. */
function isAsWanted({ versions, move, wanted }: RulesState, { rules }: Game): boolean {
  const newest = versions.at(-1)
  const hasTitles = newest?.titles === undefined || isDeepStrictEqual(newest.titles, rules.titles)
  return newest?.fingerprint === rules.fingerprint && hasTitles && move === undefined && wanted === undefined
}

async function show(store: Store, { game, state, signal }: Parts): Promise<number> {
  const newest = state.versions.at(-1)
  if (newest === undefined) throw new CommandError('nothing was awarded yet: the ledger has no rules')
  if (state.move !== undefined) {
    throw new CommandError(
      `the ledger is being moved to version ${newest.version} of its rules: wait until /v1/rules says that this is done, and try again`,
    )
  }
  await using survey = await store.rules.survey()
  const from = state.isHalfRecomputed
    ? undefined
    : rulebookOf({ ...newest, titles: newest.titles ?? game.rules.titles })
  const progress = reporter()
  const found = await preview({
    survey,
    game,
    from,
    signal,
    progress: (people) => progress(`${people} people looked at`),
  })
  for (const line of await rulesReport(found, store.reader)) console.log(line)
  return 0
}

/** Leaves the rules for the running ingest, or moves everybody here where none runs. */
async function move(store: Store, { game, state, signal }: Parts): Promise<number> {
  const { rules } = game
  const newest = state.versions.at(-1)
  const isUnderWay = newest?.fingerprint === rules.fingerprint && state.move !== undefined
  if (!isUnderWay) await store.rules.leave({ fingerprint: rules.fingerprint, titles: rules.titles })
  const writer = await writerOf(store, newest?.fingerprint ?? rules.fingerprint)
  if (writer === undefined) {
    console.log(
      'the running ingest takes these rules up within seconds and moves everybody to them; /v1/rules says how far it is. Let RULES give them from now on, since `start` refuses others.',
    )
    return 0
  }
  await using own = writer
  const opened = gameInForce(game, await store.rules.state())
  await moveAll(new Ledger({ game: opened, writer: own, folded: () => {} }), signal)
  return 0
}

async function writerOf(store: Store, fingerprint: string): Promise<Writer | undefined> {
  try {
    return await store.write({ fingerprint, purpose: 'keep' })
  } catch (error) {
    if (!(error instanceof StoreBusyError)) throw error
    return undefined
  }
}

async function moveAll(ledger: Ledger, signal: AbortSignal): Promise<void> {
  const report = reporter()
  for (;;) {
    const { move, versions } = await ledger.takeUpRules(clock())
    if (move === undefined) {
      console.log(`everybody counts by version ${versions.length} of the rules`)
      return
    }
    report(`${Math.floor(move.done * 100)} % moved to version ${versions.length} of the rules`)
    for (let steps = 0; steps < 10 && !(await ledger.moveSome(clock())); steps++) {
      // SQLite never yields to the event loop: without this turn a signal would not arrive.
      await turn()
      if (!signal.aborted) continue
      console.error(
        `the move to version ${versions.length} of the rules is not done. \`bsky-rpg start\` with these rules, or \`bsky-rpg recompute\`, goes on with it.`,
      )
      throw signal.reason
    }
  }
}

/** Awards everybody's records again, alone: until it has ended nothing else may write. */
async function judgeAll(store: Store, { game, state, signal }: Parts): Promise<number> {
  const { fingerprint } = game.rules
  await using writer = await store.write({ fingerprint, purpose: 'recompute' })
  // It becomes the next version when all is done.
  const rules = { ...game.rules, version: state.versions.length + 1 }
  const ledger = new Ledger({ game: { ...game, rules }, writer, folded: () => {} })
  const at = clock()
  let judged = 0
  let changed = 0
  let after: Did | undefined
  for (;;) {
    // SQLite never yields to the event loop: without this turn a signal would not arrive.
    await turn()
    if (signal.aborted) {
      console.error(
        `${judged} people judged, ${changed} changed; the others are unchanged. Run \`bsky-rpg recompute\` again: until it has finished, nothing else may write to the ledger.`,
      )
      throw signal.reason
    }
    const dids = await writer.people(after, PEOPLE_AT_ONCE)
    if (dids.length === 0) break
    const changes = await ledger.fold(
      dids.map((did) => ({ kind: 'recompute', did, at })),
      undefined,
    )
    judged += dids.length
    for (const { outcomes } of changes) changed += outcomes.applied
    after = dids.at(-1)
    if (judged % (PEOPLE_AT_ONCE * 20) === 0) console.error(`${judged} people judged, ${changed} changed`)
  }
  await writer.bindRules(fingerprint)
  console.log(`${judged} people judged, ${changed} changed`)
  return 0
}

/** Prints to stderr, one line in five seconds at most. */
function reporter(): (line: string) => void {
  let printedMs = performance.now()
  return (line) => {
    if (performance.now() - printedMs < REPORT_EVERY_MS) return
    printedMs = performance.now()
    console.error(line)
  }
}
