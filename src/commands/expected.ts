import { RulesChangedError, StoreBusyError, StoreError, StoreFullError } from '../store/store.ts'
import { CommandError } from './command.ts'

/** What the user has to mend, and whose message says how. Anything else is a fault of the program. */
const EXPECTED = [StoreBusyError, RulesChangedError, StoreFullError, StoreError, CommandError]

export function isExpected(error: unknown): error is Error {
  return EXPECTED.some((kind) => error instanceof kind)
}
