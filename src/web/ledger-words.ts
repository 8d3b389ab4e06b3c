// Entries of a ledger in words.
import { TRACKED, UNREADABLE } from '../game/rulebook.ts'
import type { AwardWords } from '../game/rules/rule.ts'
import type { IconName } from './icons.ts'
import type { ShownEvent } from './shown.ts'

type Words = Readonly<Record<string, AwardWords>>

/** What an entry is called, and what there is to add. */
export type EntryWords = { name: string; detail: string | undefined; icon: IconName }

export function entryWords({ cause, reason, type }: ShownEvent, words: Words): EntryWords {
  const name = awardName(reason, type, words)
  switch (cause) {
    case 'create':
      return { name, detail: createdDetail(reason), icon: iconOf(reason) }
    case 'update':
      return { name: 'Edited', detail: `now counts as: ${lower(name)}`, icon: iconOf(reason) }
    case 'delete':
      return { name: `Deleted: ${lower(name)}`, detail: undefined, icon: 'back' }
    case 'sync':
      return {
        name: `No longer there: ${lower(name)}`,
        detail: 'the repository was replaced, and does not have it any more',
        icon: 'back',
      }
    case 'subject':
      return { name, detail: 'what the reposted post shows has become known', icon: iconOf(reason) }
    case 'baseline':
      return {
        name: 'Posts from before this server',
        detail: 'approximately, by the number in the profile',
        icon: 'post',
      }
    case 'recompute':
      return { name: 'The rules have changed', detail: `counts as: ${lower(name)}`, icon: 'rules' }
    default:
      return { name, detail: cause, icon: 'other' }
  }
}

/** Whether an entry takes back what a record had earned. */
export function isTakenBack({ cause }: Pick<ShownEvent, 'cause'>): boolean {
  return cause === 'delete' || cause === 'sync'
}

function awardName(reason: string, type: string, words: Words): string {
  if (reason === TRACKED || reason === UNREADABLE) return type.split('.').at(-1) ?? type
  return words[reason]?.name ?? reason
}

function createdDetail(reason: string): string | undefined {
  if (reason === TRACKED) return 'followed without a rule: earns nothing'
  if (reason === UNREADABLE) return 'not a valid record of its kind: earns nothing'
  return undefined
}

function iconOf(reason: string): IconName {
  const [kind = '', shown] = reason.split('.')
  if (kind === 'like' || kind === 'repost') return kind
  if (kind !== 'post') return 'other'
  return shown === 'alt' || shown === 'media' ? shown : 'post'
}

function lower(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
