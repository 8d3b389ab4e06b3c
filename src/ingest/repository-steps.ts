import type { Did } from '../atproto/event.ts'
import { removeAbsent } from './absent.ts'
import type { RepositorySteps } from './asking.ts'
import { LeasedLedger } from './leased-ledger.ts'
import type { Ledger } from './ledger.ts'

/** See `AnswersOptions.underLease`. */
export async function repositorySteps(
  ledger: Pick<Ledger, 'use' | 'foldNow'>,
  did: Did,
): Promise<RepositorySteps> {
  const leased = await LeasedLedger.begin(ledger, did)
  return {
    removeAbsent: (from) => removeAbsent(leased, from),
    deliver: async (answer) => {
      await leased.fold([answer], undefined)
    },
  }
}
