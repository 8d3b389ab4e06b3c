import type { OwnCharacter } from '../../store/store.ts'

/** What somebody asked for themselves, or what was asked of the operator. */
export type Standing = 'unknown' | 'kept' | 'hidden' | 'left' | 'forgotten'

export function standingOf(own: OwnCharacter | undefined): Standing {
  if (own === undefined) return 'unknown'
  if (own.left) return 'left'
  if (own.forgotten) return 'forgotten'
  if (own.hidden) return 'hidden'
  return own.born ? 'kept' : 'unknown'
}

/** Why others do not see somebody, apart from their own wish; empty where they do. */
export function reasonsHidden({ status, optedOut, introduced, unfollowed }: OwnCharacter): string[] {
  return [
    ...(status === 'active' ? [] : [`your account is ${STATUSES[status] ?? 'not active'}`]),
    ...(optedOut
      ? ['on Bluesky you ask apps not to show you to people who are not signed in']
      : introduced
        ? []
        : ['Bluesky has not told this server yet whether you want to be shown']),
    ...(unfollowed ? ['this server does not follow you any more'] : []),
  ]
}

const STATUSES: Readonly<Record<string, string>> = {
  deactivated: 'deactivated',
  deleted: 'deleted',
  suspended: 'suspended',
  takendown: 'taken down',
}
