import { createReadStream } from 'node:fs'
import { createZstdDecompress } from 'node:zlib'
import type { Rulebook } from '../game/rulebook.ts'
import { readExport } from '../store/export/read-export.ts'
import { type RestoreProgress, restore } from '../store/export/restore.ts'
import { countsOf, type ExportCounts } from '../store/export/write-export.ts'
import type { Store } from '../store/store.ts'
import { type Command, CommandError } from './command.ts'
import { adviseIfFull } from './disk-full.ts'
import { interruptible } from './ending.ts'
import { gameOf, storeOf } from './from-config.ts'
import { progressLine } from './progress.ts'

export const restoreLedger: Command = {
  usage: ' <file|->',
  summary: 'Fill an empty ledger, in any store, from an export; goes on where it was stopped',
  flags: {},
  positionals: 1,
  run: interruptible(async ({ config, positionals: [from = ''] }, signal) => {
    await using store = await storeOf(config, 'create', { ending: signal })
    const progress = progressLine('restored')
    let rules = ''
    let format = 0
    const end = await restore(
      readExport(bytesOf(from)),
      async (header) => {
        rules = header.rules
        format = header.version
        const restorer = await store.restore(header.id)
        if (restorer.reached > 0) console.error(`going on after line ${restorer.reached}`)
        return restorer
      },
      ({ line, people, records, events, finishing }: RestoreProgress) => {
        signal.throwIfAborted()
        const read = `line ${line}: ${people} people, ${records} records, ${events} events`
        progress(finishing === undefined ? read : `${finishing.done} of ${finishing.total} in order`)
      },
    ).catch((error: unknown) => {
      throw adviseIfFull(
        error,
        'the ledger cannot grow; it is half restored. Make room, and run `bsky-rpg restore` again with the same export: it goes on where it was.',
      )
    })
    console.error('reading it back')
    await assertSame(store, end, format)
    const { people, records, events, content } = end
    console.log(`restored ${people} people, ${records} records, ${events} events; content ${content}`)
    return await verified(store, gameOf(config).rules, rules)
  }),
}

/** @throws {CommandError} where the ledger has not what the export of this version of the format says */
async function assertSame(store: Store, end: ExportCounts, format: number): Promise<void> {
  await using source = await store.source()
  const found = await countsOf(source, format)
  const names = Object.keys(end) as (keyof ExportCounts)[]
  const differs = names.find((name) => found[name] !== end[name])
  if (differs === undefined) return
  throw new CommandError(
    `the restored ledger is not the exported one: its ${differs} is ${found[differs]}, expected ${end[differs]}. Restore it anew into another ledger, and report this.`,
  )
}

async function verified(store: Store, rules: Rulebook, awardedBy: string): Promise<number> {
  if (rules.fingerprint !== awardedBy) {
    console.log(
      'It was awarded by other rules than these: set RULES as where it was exported, then run `bsky-rpg verify`.',
    )
    return 0
  }
  const { findings } = await store.auditor.audit(rules, ({ step, done, total }) =>
    console.error(`${step}: ${done} of ${total}`),
  )
  console.log(findings.length === 0 ? 'clean' : `${findings.length} mismatches: run \`bsky-rpg verify\``)
  return findings.length === 0 ? 0 : 1
}

async function* bytesOf(from: string): AsyncGenerator<Uint8Array> {
  const input = from === '-' ? process.stdin : createReadStream(from)
  const plain = createZstdDecompress()
  input.on('error', (error) => plain.destroy(error))
  input.pipe(plain)
  try {
    yield* plain
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) {
      throw new CommandError(`${from} cannot be read: ${error.message}.`, { cause: error })
    }
    throw error
  } finally {
    input.destroy()
  }
}
