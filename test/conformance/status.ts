import assert from 'node:assert/strict'
import { START } from '../game/arbitrary.ts'
import { type Check, check } from './check.ts'
import { alice, fold, post } from './operations.ts'

/** Checks the status of the whole ledger. */
export const statusChecks: readonly Check[] = [
  check('gaps, heartbeat and samples are told', async ({ reader }, writer) => {
    const gap = { host: 'a.test', from: START, to: START + 5, reason: 'clamped', at: START + 9 }
    await writer.recordGap(gap)
    await writer.beat({ at: START, lag: 3, host: 'a.test' })
    await writer.recordSample({ at: START, networkBytes: 0 })
    await fold(writer, [post(alice, 1)])
    await writer.recordSample({ at: START + 3_600_000_000, networkBytes: 1_000 })
    const { gaps, heartbeat, perDay } = await reader.status()
    assert.deepEqual(gaps, [gap])
    assert.deepEqual(heartbeat, { at: START, lag: 3, host: 'a.test' })
    assert.deepEqual([perDay?.events, perDay?.networkBytes], [24, 24_000])
  }),
]
