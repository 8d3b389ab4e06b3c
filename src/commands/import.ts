import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Did, isDid } from '@atcute/lexicons/syntax'
import { readActorName } from '../atproto/actor-name.ts'
import { APPVIEW_SHARES } from '../bluesky/appview.ts'
import { Pace } from '../bluesky/pace.ts'
import { openRepositories } from '../bluesky/repositories.ts'
import { ownerOf } from '../bluesky/repository/file.ts'
import { RepositoryError } from '../bluesky/repository/repository-error.ts'
import type { Config } from '../config.ts'
import type { ImportProgress } from '../game/imports.ts'
import { fulfilWishes } from '../ingest/chores.ts'
import { ImportAnswers } from '../ingest/import-answers.ts'
import { Ledger } from '../ingest/ledger.ts'
import { type Store, StoreBusyError } from '../store/store.ts'
import { type Command, CommandError } from './command.ts'
import { interruptible } from './ending.ts'
import { appviewOf, clock, gameOf, storeOf } from './from-config.ts'
import { ImportLines } from './import-lines.ts'

/** How often a running ingest is asked how far it is, and how long it has to take a wish. */
const LOOK_EVERY_MS = 250
/** How the name of a repository in a file ends. */
const FILE = '.car'
const TAKEN_WITHIN_MS = 10_000

export const importHistory: Command = {
  usage: ' <actor>...',
  summary:
    "Count people's whole history, from their repositories (DIDs, handles, @file with one on each line, or a CAR file)",
  flags: {},
  positionals: 'some',
  run: interruptible(async ({ config, positionals }, signal) => {
    await using store = await storeOf(config, 'create', { ending: signal })
    const files = new Map<Did, string>()
    const dids = new Set<Did>()
    for (const name of namesIn(positionals)) {
      const file = name.endsWith(FILE) ? name : undefined
      const did = file === undefined ? await didOf(store, config, name, signal) : await claimedOwner(file)
      dids.add(did)
      if (file !== undefined) files.set(did, file)
    }
    for (const did of dids) await store.inbox.leave({ kind: 'import', did, at: clock() })
    using lines = new ImportLines(dids)
    try {
      if (!(await importHere(store, { config, files, lines, signal }))) await follow(store, lines, signal)
    } finally {
      lines.summarize()
    }
    return lines.failed === 0 ? 0 : 1
  }),
}

function namesIn(words: readonly string[]): string[] {
  return words.flatMap((word) => {
    if (!word.startsWith('@') || readActorName(word) !== undefined) return [word]
    try {
      return readFileSync(word.slice(1), 'utf8')
        .split(/\s+/)
        .filter((name) => name !== '')
    } catch (cause) {
      throw new CommandError(`${word.slice(1)} cannot be read: ${(cause as Error).message}`, { cause })
    }
  })
}

/** Whose repository a file claims to be: only the signature, which is checked when it is read, proves that. */
async function claimedOwner(file: string): Promise<Did> {
  try {
    return await ownerOf(file)
  } catch (cause) {
    if (!(cause instanceof RepositoryError)) throw cause
    throw new CommandError(`${file} cannot be imported: ${cause.message}`, { cause })
  }
}

async function didOf(store: Store, config: Config, actor: string, signal: AbortSignal): Promise<Did> {
  const name = readActorName(actor)
  if (name !== undefined && isDid(name)) return name
  const appview = appviewOf(config, new Pace(APPVIEW_SHARES.ingest))
  const did = name && ((await store.reader.didOf(name)) ?? (await appview.resolve(name, signal)))
  if (did !== undefined) return did
  throw new CommandError(`${JSON.stringify(actor)} is not known to the network; expected a DID or a handle`)
}

type Parts = { config: Config; files: ReadonlyMap<Did, string>; lines: ImportLines; signal: AbortSignal }

/**
 * Imports in this process.
 * @returns false where another process writes the ledger: it takes the wishes
 */
async function importHere(store: Store, { config, files, lines, signal }: Parts): Promise<boolean> {
  const game = gameOf(config)
  try {
    await using writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
    const ledger = new Ledger({ game, writer, folded: () => {} })
    const over = new AbortController()
    const imports = new ImportAnswers({
      ledger,
      next: (...wanted) => ledger.use((writer) => writer.questions(...wanted)),
      repositories: openRepositories({ plcUrl: config.PLC_URL, received: () => {}, files }),
      followed: game.followed,
      clock,
      dids: config.DIDS && new Set(config.DIDS),
      report: (did, progress) => {
        lines.note(did, progress)
        if (lines.open.size === 0) over.abort()
      },
    })
    await fulfilWishes(ledger)
    for (const did of [...lines.open]) {
      const [open] = await ledger.use((writer) => writer.questionsAbout('import', [did]))
      if (open === undefined) lines.note(did, { state: 'refused' })
    }
    const ended = AbortSignal.any([signal, over.signal, ledger.failed])
    const rest = (): Promise<void> => sleep(LOOK_EVERY_MS, undefined, { signal: ended }).catch(() => {})
    if (lines.open.size > 0) await imports.run({ rest, fail: () => over.abort(), signal: ended })
    ledger.failed.throwIfAborted()
    if (signal.aborted) {
      for (const did of lines.open) await store.inbox.leave({ kind: 'cancel-import', did, at: clock() })
      await fulfilWishes(ledger)
      throw signal.reason
    }
    return true
  } catch (error) {
    if (!(error instanceof StoreBusyError)) throw error
    const [file] = files.values()
    if (file !== undefined) {
      for (const did of lines.open) await store.inbox.leave({ kind: 'cancel-import', did, at: clock() })
      throw new CommandError(
        `${file} can only be read while nothing else writes to the ledger: end the other process, or import its owner by name.`,
        { cause: error },
      )
    }
    return false
  }
}

/** Follows the imports of a running ingest. Where this is interrupted, it takes the wishes back that are left. */
async function follow(store: Store, lines: ImportLines, signal: AbortSignal): Promise<void> {
  const taken = new Set<Did>()
  for (let waitedMs = 0; lines.open.size > 0; waitedMs += LOOK_EVERY_MS) {
    for (const did of [...lines.open]) {
      const status = await store.reader.importStatus(did)
      if (status?.isOpen) {
        taken.add(did)
        lines.note(did, { state: 'counting', records: status.records, of: undefined })
      } else if (taken.has(did) || waitedMs > TAKEN_WITHIN_MS) {
        lines.note(did, endOf(status))
      }
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
    if (!signal.aborted) continue
    for (const did of lines.open) await store.inbox.leave({ kind: 'cancel-import', did, at: clock() })
    throw signal.reason
  }
}

/** The running ingest has closed the question; its log says why where nothing was imported. */
function endOf(status: Awaited<ReturnType<Store['reader']['importStatus']>>): ImportProgress {
  if (status?.head === undefined) return { state: 'refused' }
  return { state: 'imported', records: status.records, experience: status.experience }
}
