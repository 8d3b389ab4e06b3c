import { bytes } from '../config/values.ts'
import { backUp } from '../store/sqlite/backup/backup.ts'
import { type Command, CommandError } from './command.ts'
import { adviseIfFull } from './disk-full.ts'
import { interruptible } from './ending.ts'
import { progressLine } from './progress.ts'

const MIB = 1024 * 1024
/** Bytes read from the ledger in a second: leaves most of a disk to ingest. */
const DEFAULT_RATE = '64MB'

export const backup: Command = {
  usage: ' <file>',
  summary: 'Copy a ledger in a SQLite file, also while `start` writes it',
  flags: {
    rate: {
      type: 'string',
      meaning: `how much of the ledger to copy in a second, such as 16MB; \`unlimited\` for as fast as the disk (default: ${DEFAULT_RATE})`,
    },
  },
  positionals: 1,
  run: interruptible(async ({ config, flags, positionals: [to = ''] }, signal) => {
    const { DATABASE_URL, DISK_RESERVE } = config
    if (DATABASE_URL.driver !== 'sqlite') {
      throw new CommandError(
        'DATABASE_URL names a cluster, which has snapshots of its own (see docs/operating.md). `bsky-rpg export` writes its ledger to a file.',
      )
    }
    const progress = progressLine('copied')
    const size = await backUp({
      path: DATABASE_URL.path,
      to,
      reserve: DISK_RESERVE,
      bytesPerSecond: rateOf(flags.rate),
      progress: (done, total) =>
        progress(`${Math.floor(done / MIB)} of ${Math.ceil(total / MIB)} MiB (${percent(done, total)} %)`),
      signal,
    }).catch((error: unknown) => {
      throw adviseIfFull(
        error,
        `there is no room for ${to} beside what DISK_RESERVE keeps free, and nothing is left of it. Make room, or name a file on another disk, and run the backup again.`,
      )
    })
    console.log(`${to}: ${Math.ceil(size / MIB)} MiB. Check it: bsky-rpg verify --database-url sqlite:${to}`)
    return 0
  }),
}

function rateOf(text: string | boolean | undefined): number | undefined {
  if (text === 'unlimited') return undefined
  try {
    const rate = bytes(String(text ?? DEFAULT_RATE))
    if (rate > 0) return rate
  } catch {}
  throw new CommandError(`--rate is ${JSON.stringify(text)}; expected a size such as 16MB, or unlimited`)
}

function percent(done: number, total: number): number {
  return total === 0 ? 100 : Math.floor((done / total) * 100)
}
