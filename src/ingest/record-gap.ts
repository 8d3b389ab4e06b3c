import type { Gap } from '../store/status.ts'
import type { Ledger } from './ledger.ts'

/** The one reason of gaps that is about a single event, whose person cannot be told: nobody is compared with their repository. */
const OVERSIZED = 'oversized'

/** Records a gap in the stream, and queues everybody for reconciliation first: after a crash in between both come once more. */
export async function recordGap(ledger: Pick<Ledger, 'use'>, gap: Gap): Promise<void> {
  const { from: since, at, reason } = gap
  await ledger.use(async (writer) => {
    if (reason !== OVERSIZED) await writer.queueReconciliation({ since, at })
    await writer.recordGap(gap)
  })
}
