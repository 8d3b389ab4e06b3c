// The conformance suite for every store, by operation: its contents page. It needs no particular test runner.
import { boardChecks } from './board.ts'
import { capsChecks } from './caps.ts'
import type { Check, Place } from './check.ts'
import { copiesChecks } from './copies.ts'
import { daysChecks } from './days.ts'
import { disposedChecks } from './disposed.ts'
import { importsChecks } from './imports.ts'
import { leavingChecks } from './leaving.ts'
import { movesChecks } from './moves.ts'
import { ownFactsChecks } from './own-facts.ts'
import { pruningChecks } from './pruning.ts'
import { questionsChecks } from './questions.ts'
import { readingChecks } from './reading.ts'
import { reconciliationChecks } from './reconciliation.ts'
import { sessionsChecks } from './sessions.ts'
import { showingChecks } from './showing.ts'
import { statusChecks } from './status.ts'
import { streamsChecks } from './streams.ts'
import { writingChecks } from './writing.ts'

export const checks: readonly Check[] = [
  ...readingChecks,
  ...boardChecks,
  ...showingChecks,
  ...questionsChecks,
  ...leavingChecks,
  ...sessionsChecks,
  ...pruningChecks,
  ...capsChecks,
  ...daysChecks,
  ...ownFactsChecks,
  ...importsChecks,
  ...movesChecks,
  ...reconciliationChecks,
  ...statusChecks,
  ...writingChecks,
  ...disposedChecks,
  ...streamsChecks,
  ...copiesChecks,
]

export type ConformanceOptions = {
  /** Names the store before each title. */
  name: string
  place: () => Promise<Place>
  /** Registers a test with the runner in use. */
  test: (title: string, run: () => Promise<void>) => void
}

/** Registers all checks of one store. */
export function storeConformance({ name, place, test }: ConformanceOptions): void {
  for (const { title, run } of checks) test(`${name}: ${title}`, () => run(place))
}
