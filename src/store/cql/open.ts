import { FailStopWriter } from '../fail-stop.ts'
import { RulesChangedError, type Store, type WriteOptions, type Writer } from '../store.ts'
import type { CqlAddress } from './address.ts'
import { CqlAuditor } from './audit.ts'
import { connect, explained } from './connect.ts'
import { Crew } from './crew.ts'
import { CqlInbox } from './inbox.ts'
import { CqlReader } from './reader.ts'
import { Meta, migrate } from './schema.ts'
import { Session, type Traffic } from './session.ts'
import { CqlWriter } from './writer.ts'

export type CqlOptions = {
  address: CqlAddress
  /** Into how many parts people are divided among workers; fixed when the keyspace is made. */
  shards: number
  /** Copies of each row when the keyspace is made; `undefined`: three, or as many as there are nodes. */
  replication: number | undefined
  nowMs?: () => number
  /** How old a leaderboard may be, in milliseconds. @default 5000 */
  boardMs?: number
  /** Rows that a server is asked for at once. @default 5000 */
  pageRows?: number
}

/** A store that also tells how many requests it has made. */
export type CqlStore = Store & { readonly traffic: Readonly<Traffic> }

const BOARD_MS = 5_000
/** Stands for the rules while a recompute is under way: no rules have this fingerprint. */
const RECOMPUTING = 'recomputing'

/**
 * Opens the ledger on a cluster, making or changing its keyspace where needed.
 * @throws {StoreError} where the cluster cannot be used
 */
export async function openCql(options: CqlOptions): Promise<CqlStore> {
  const { address, replication, nowMs = Date.now, boardMs = BOARD_MS, pageRows } = options
  const { keyspace, consistency } = address
  const { client, localDataCenter } = await connect(address)
  try {
    const shards = await migrate(client, { keyspace, replication, localDataCenter, shards: options.shards })
    client.keyspace = keyspace
    await client.execute(`USE ${keyspace}`)
    const session = new Session({
      client,
      keyspace,
      consistency,
      ...(pageRows === undefined ? {} : { pageRows }),
    })
    const meta = new Meta(client, keyspace)
    const inbox = new CqlInbox(session, shards)
    return {
      reader: new CqlReader({ session, shards, boardMs }),
      inbox,
      traffic: session.traffic,
      auditor: new CqlAuditor(session, inbox),
      write: (how) => write({ session, meta, shards, nowMs }, how),
      [Symbol.asyncDispose]: () => client.shutdown(),
    }
  } catch (error) {
    await client.shutdown().catch(() => {})
    throw explained(error, address, localDataCenter)
  }
}

type Parts = { session: Session; meta: Meta; shards: number; nowMs: () => number }

async function write({ session, meta, shards, nowMs }: Parts, options: WriteOptions): Promise<Writer> {
  const shares = options.company === 'others' && options.purpose === 'keep'
  const crew = new Crew({ session, shards, nowMs })
  try {
    if (shares) await crew.settle()
    else await crew.takeAll()
    await checkRules(meta, options)
    const writer = new CqlWriter({ session, crew, meta, shares, bindRules, nowMs, close: async () => {} })
    return new FailStopWriter(writer)
  } catch (error) {
    await crew.release()
    throw error
  }
}

/** Binds a new ledger to its rules, and keeps one that was awarded by others from being mixed up. */
async function checkRules(meta: Meta, { fingerprint, purpose }: WriteOptions): Promise<void> {
  if (purpose === 'recompute') {
    await bindRules(meta, RECOMPUTING)
    return
  }
  await meta.setOnce('rules', fingerprint)
  const held = await meta.get('rules')
  if (held === fingerprint) return
  const why = held === RECOMPUTING ? 'is half recomputed' : 'was awarded by other rules than these'
  throw new RulesChangedError(
    `the ledger ${why}. Run \`bsky-rpg recompute\` to judge all of it by the rules as they are now, or start with the old ones.`,
  )
}

async function bindRules(meta: Meta, fingerprint: string): Promise<void> {
  await meta.set('rules', fingerprint)
}
