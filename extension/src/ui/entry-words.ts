// Entries of a ledger in words.
import { i18n } from '#i18n'
import type { LedgerEvent, Rules } from '../client/server.ts'

/** The rules' own reasons, in the reader's language; a server may have others. */
const NAMES: Readonly<Record<string, () => string>> = {
  'post.text': () => i18n.t('reasons.postText'),
  'post.media': () => i18n.t('reasons.postMedia'),
  'post.alt': () => i18n.t('reasons.postAlt'),
  'repost.text': () => i18n.t('reasons.repostText'),
  'repost.media': () => i18n.t('reasons.repostMedia'),
  'repost.alt': () => i18n.t('reasons.repostAlt'),
  like: () => i18n.t('reasons.like'),
  tracked: () => i18n.t('reasons.tracked'),
  unreadable: () => i18n.t('reasons.unreadable'),
}

const KINDS: Readonly<Record<string, () => string>> = {
  'app.bsky.feed.post': () => i18n.t('kinds.posts'),
  'app.bsky.feed.like': () => i18n.t('kinds.likes'),
  'app.bsky.feed.repost': () => i18n.t('kinds.reposts'),
}

/** What a record counts as: in our words, or in the server's, or its bare name. */
export function reasonName(reason: string, rules: Rules | undefined): string {
  return NAMES[reason]?.() ?? rules?.awards.find((award) => award.reason === reason)?.name ?? reason
}

/** The records of a collection. */
export function kindName(collection: string): string {
  return KINDS[collection]?.() ?? collection.split('.').at(-1) ?? collection
}

/** What an entry is called, and why there is one where that does not follow from the record itself. */
export function entryWords(
  event: LedgerEvent,
  rules: Rules | undefined,
): { name: string; why: string | undefined } {
  const name = reasonName(event.reason, rules)
  switch (event.cause) {
    case 'create':
      return { name, why: undefined }
    case 'update':
      return { name, why: i18n.t('causes.update') }
    case 'delete':
      return { name, why: i18n.t('causes.delete') }
    case 'sync':
      return { name, why: i18n.t('causes.sync') }
    case 'subject':
      return { name, why: i18n.t('causes.subject') }
    case 'baseline':
      return { name: i18n.t('reasons.baseline'), why: i18n.t('causes.baseline') }
    case 'recompute':
      return { name, why: i18n.t('causes.recompute') }
    default:
      return { name, why: event.cause }
  }
}

/** Where the record of an entry can be read; `undefined` where there is none, or not any more. */
export function recordAddress({ uri, type, cause }: LedgerEvent): string | undefined {
  const [scheme, , did = '', , rkey = ''] = uri.split('/')
  if (scheme !== 'at:' || rkey === '' || cause === 'delete' || cause === 'sync' || cause === 'baseline')
    return undefined
  return type === 'app.bsky.feed.post'
    ? `https://bsky.app/profile/${encodeURIComponent(did)}/post/${encodeURIComponent(rkey)}`
    : `https://pdsls.dev/${encodeURI(uri)}`
}
