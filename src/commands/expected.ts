import { ExportError } from '../store/export/lines.ts'
import { RulesChangedError, StoreBusyError, StoreError, StoreFullError } from '../store/store.ts'
import { CommandError } from './command.ts'

/** Errors that the user can fix; their messages say how. Any other error is a bug. */
const EXPECTED = [ExportError, StoreBusyError, RulesChangedError, StoreFullError, StoreError, CommandError]

export function isExpected(error: unknown): error is Error {
  return EXPECTED.some((kind) => error instanceof kind)
}
