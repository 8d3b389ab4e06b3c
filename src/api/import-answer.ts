import type { Did } from '@atcute/lexicons/syntax'
import type { Static } from 'typebox'
import type { ImportState } from './import-state.ts'
import type { Import } from './schemas.ts'

const DETAILS = {
  'not-possible':
    'Nothing of theirs can be imported: there is nobody of that name, or their account is not active, or this server does not follow them, or they do not want to be here.',
  unreadable: 'Their repository cannot be read, or is not signed by its owner.',
  'too-large': 'Their repository is larger than this server reads.',
  unreachable: 'Their server does not answer, or not as it should.',
} as const

/** How far an import is, as in answers. */
export function importOf(did: Did, state: ImportState): Static<typeof Import> {
  const trouble = 'trouble' in state ? state.trouble : undefined
  return {
    did,
    state: state.state,
    records: 'records' in state ? state.records : 0,
    of: state.state === 'running' ? (state.of ?? null) : null,
    reason: trouble ?? null,
    detail: trouble === undefined ? null : DETAILS[trouble],
  }
}
