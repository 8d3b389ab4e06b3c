import { setTimeout as sleep } from 'node:timers/promises'
import type { Did, Micros } from '../atproto/event.ts'
import { caughtUpBy } from './caught-up.ts'
import { type CompareOptions, CompareRepository } from './compare-repository.ts'
import { Reconciliation, type ReconciliationOptions } from './reconciliation.ts'
import { type ReconciliationReportOptions, reconciliationReport } from './reconciliation-report.ts'

/** How often it looks without being told whether there is something to reconcile. */
const LOOK_EVERY_MS = 30_000

export type OpenReconciliationOptions = Pick<
  CompareOptions,
  'ledger' | 'repositories' | 'followed' | 'clock'
> &
  ReconciliationReportOptions &
  Pick<ReconciliationOptions, 'signal'> & {
    /** Who is followed; `undefined` for everybody. */
    dids: readonly Did[] | undefined
    /** How far behind the network the ledger is. */
    behind: () => Micros
  }

/** Puts together what compares everybody with their repositories after a gap. */
export function openReconciliation(options: OpenReconciliationOptions): Reconciliation {
  const { ledger, clock, dids, behind, signal, monotonic } = options
  const { report, failed } = reconciliationReport(options)
  const shared = { caughtUp: caughtUpBy(behind), elapsedMs: () => monotonic() / 1_000 }
  const pause = async (ms: number, until: AbortSignal): Promise<void> => {
    await sleep(ms, undefined, { signal: until })
  }
  return new Reconciliation({
    ...{ ledger, clock, report, signal, ...shared },
    people: new CompareRepository({ ...options, ...shared, failed, pause }),
    dids: dids && new Set(dids),
    rest: (until) => pause(LOOK_EVERY_MS, until).catch(() => {}),
  })
}
