import { randomUUID } from 'node:crypto'
import { createWriteStream, existsSync, linkSync, rmSync } from 'node:fs'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { constants, createZstdCompress } from 'node:zlib'
import type { Config } from '../config.ts'
import type { LedgerSource } from '../store/export/ledger-copy.ts'
import { type ExportCounts, exportLines } from '../store/export/write-export.ts'
import { keepStill } from '../store/sqlite/backup/still.ts'
import { type Command, CommandError } from './command.ts'
import { adviseIfFull } from './disk-full.ts'
import { interruptible } from './ending.ts'
import { clock, storeOf } from './from-config.ts'
import { progressLine } from './progress.ts'
import { version } from './version.ts'

const MIB = 1024 * 1024
/** Bytes copied in a second of a ledger that is written meanwhile. */
const COPY_RATE = 64 * MIB

/** Has zstd notice by itself that its bytes were changed. */
const ZSTD = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }

export const exportLedger: Command = {
  usage: ' <file|->',
  summary: 'Write the whole ledger in a format that every store restores; on a cluster, stop ingest first',
  flags: {},
  positionals: 1,
  run: interruptible(async ({ config, positionals: [to = ''] }, signal) => {
    if (to !== '-') refuseExisting(to)
    await using ends = new AsyncDisposableStack()
    const source = await openSource(config, ends, signal)
    const { people, records, events, content } =
      to === '-' ? await write(source, process.stdout, signal) : await writeFile(source, to, signal)
    // Standard output may be the export.
    console.error(`exported ${people} people, ${records} records, ${events} events; content ${content}`)
    return 0
  }),
}

/** Opens the ledger as of this moment; `ends` gets what has to be closed. */
async function openSource(
  config: Config,
  ends: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<LedgerSource> {
  const { DATABASE_URL, DISK_RESERVE } = config
  const address = { ...DATABASE_URL }
  if (address.driver === 'sqlite') {
    const copied = progressLine('copied')
    const still = await keepStill({
      path: address.path,
      reserve: DISK_RESERVE,
      bytesPerSecond: COPY_RATE,
      progress: (done, total) => copied(`${Math.floor(done / MIB)} of ${Math.ceil(total / MIB)} MiB`),
      signal,
    }).catch((error: unknown) => {
      throw adviseIfFull(
        error,
        `there is no room beside the ledger for a copy of it (${address.path}.export-copy), which an export beside a running ingest needs, and nothing is left of it. Make room, or stop ingest, and export again.`,
      )
    })
    address.path = ends.use(still).path
  }
  const store = ends.use(await storeOf({ ...config, DATABASE_URL: address }, 'nothing', { ending: signal }))
  return ends.use(await store.source())
}

/** Writes a file that only its owner can read, and names it once it is whole. */
async function writeFile(source: LedgerSource, to: string, signal: AbortSignal): Promise<ExportCounts> {
  const partial = `${to}.partial`
  // Of an export that was killed: it cannot be continued, since the ledger is another by now.
  rmSync(partial, { force: true })
  try {
    const file = createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true })
    const end = await write(source, file, signal)
    refuseExisting(to)
    linkSync(partial, to)
    return end
  } catch (error) {
    const advised = adviseIfFull(
      error,
      `there is no room for ${to}, and nothing is left of it. Make room, or name a file on another disk, and export again.`,
    )
    if (advised === error && error instanceof Error && 'syscall' in error) {
      throw new CommandError(`${to} cannot be written: ${error.message}.`, { cause: error })
    }
    throw advised
  } finally {
    rmSync(partial, { force: true })
  }
}

async function write(source: LedgerSource, target: Writable, signal: AbortSignal): Promise<ExportCounts> {
  const blocks = exportLines(source, { id: randomUUID(), program: version(), at: clock() })
  const progress = progressLine('exported')
  let end: ExportCounts | undefined
  let lines = 0
  const text = async function* (): AsyncGenerator<string> {
    for (;;) {
      const { value, done } = await blocks.next()
      if (done) {
        end = value
        return
      }
      lines += value.split('\n').length - 1
      yield value
      progress(`${lines} lines`)
      // SQLite never yields to the event loop: without this turn a signal would not arrive.
      await turn()
      signal.throwIfAborted()
    }
  }
  await pipeline(Readable.from(text()), createZstdCompress(ZSTD), target)
  if (end === undefined) throw new CommandError('the export ended before its last line')
  return end
}

function refuseExisting(to: string): void {
  if (existsSync(to)) throw new CommandError(`${to} exists already, and is left as it is. Name another file.`)
}
