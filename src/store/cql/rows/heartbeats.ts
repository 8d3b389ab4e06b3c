// The table `pulses`: the newest heartbeat of each shard's owner.
import type { Heartbeat } from '../../status.ts'
import type { Row } from '../driver/paging.ts'
import type { Session } from '../driver/session.ts'
import { numberOf, textOf } from '../driver/values.ts'

export const SELECT_HEARTBEATS = 'SELECT shard, at, lag, host FROM pulses WHERE part = 0'
const INSERT_HEARTBEAT = 'INSERT INTO pulses (part, shard, at, lag, host) VALUES (0, ?, ?, ?, ?)'

/** Writes the heartbeat of the owner of `shards`. */
export async function writeHeartbeats(
  session: Pick<Session, 'write'>,
  shards: readonly number[],
  { at, lag, host }: Heartbeat,
): Promise<void> {
  await Promise.all(shards.map((shard) => session.write(INSERT_HEARTBEAT, [shard, at, lag, host ?? null])))
}

/** The oldest heartbeat of all shards stands for the ledger. */
export function heartbeatOf(rows: readonly Row[], shards: number): Heartbeat | undefined {
  if (rows.length < shards) return undefined
  return {
    at: Math.min(...rows.map(({ at }) => numberOf(at))),
    lag: Math.max(...rows.map(({ lag }) => numberOf(lag))),
    host: rows.some(({ host }) => host === null) ? undefined : textOf(rows[0]?.host),
  }
}
