import { createRaw } from '@atcute/tid'
import type { CommitEvent, Did } from '../atproto/event.ts'
import { Entry } from './archive.ts'
import type { Faults } from './faults.ts'
import type { Random } from './random.ts'

/** The account that sends hostile records; it is not one of the network's people. */
export const HOSTILE: Did = 'did:plc:hostilehostilehostileho2'

const SUBJECT = '{"uri":"at://did:plc:elsewhereelsewhereelsewh/app.bsky.feed.post/3kelsewhere22","cid":"?"}'
const DEEP = 5_000

/** Records as JSON text: some of these keys and values cannot be written as object literals. */
const RECORDS: readonly [collection: CommitEvent['collection'], json: () => string][] = [
  ['app.bsky.feed.like', () => '{"subject":null}'],
  ['app.bsky.feed.like', () => '{"subject":{"uri":42}}'],
  ['app.bsky.feed.like', () => '{"__proto__":{"subject":{"uri":"at://x"}}}'],
  ['app.bsky.feed.like', () => `{"subject":${SUBJECT},"createdAt":"9999-12-31T23:59:59.999Z"}`],
  ['app.bsky.feed.like', () => `{"subject":${SUBJECT},"createdAt":9007199254740993}`],
  ['app.bsky.feed.repost', () => '{"subject":{"uri":"at://\\ud800/app.bsky.feed.post/\\udfff"}}'],
  ['app.bsky.feed.repost', () => '{"subject":{"uri":"at://did:plc:x/__proto__/constructor"}}'],
  ['app.bsky.feed.repost', () => '{"subject":[]}'],
  ['app.bsky.feed.post', () => '{"text":"\\ud800 \\u0000","createdAt":"1970-01-01T00:00:00Z"}'],
  ['app.bsky.feed.post', () => '{"text":7,"embed":"__proto__"}'],
  ['app.bsky.feed.post', () => '{"embed":{"$type":"app.bsky.embed.images","images":{"length":9}}}'],
  ['app.bsky.feed.post', () => '{"embed":{"$type":"app.bsky.embed.images","images":[null,{"alt":{}}]}}'],
  [
    'app.bsky.feed.post',
    () =>
      `{"embed":${'{"$type":"app.bsky.embed.recordWithMedia","media":'.repeat(DEEP)}1${'}'.repeat(DEEP)}}`,
  ],
  [
    'app.bsky.feed.post',
    () => '{"embed":{"$type":"app.bsky.embed.external","external":{"uri":"https://media.tenor.com:x"}}}',
  ],
]

/** Valid record keys that look like something else. */
const KEYS = ['__proto__', 'constructor', 'zzzzzzzzzzzzz', '2222222222222', '0', '~', ':', 'a'.repeat(512)]

/** A well-formed event with a hostile record, with the number and time of `neighbour`. */
export function hostileEntry(random: Random, neighbour: Entry, faults: Pick<Faults, 'repositories'>): Entry {
  const { seq, event } = neighbour
  // Says that the repository was replaced, so that clients fetch it: it is served in a hostile way.
  if (faults.repositories > 0 && random.chance(0.05)) {
    return new Entry(seq, { kind: 'sync', did: HOSTILE, at: event.at, rev: createRaw(event.at, 31) })
  }
  const [collection, json] = random.pick(RECORDS)
  const commit: CommitEvent = {
    kind: 'commit',
    did: HOSTILE,
    at: event.at,
    rev: createRaw(event.at, 31),
    op: 'create',
    collection,
    rkey: random.chance(0.5) ? createRaw(event.at, random.below(1024)) : random.pick(KEYS),
    record: JSON.parse(json()),
  }
  return new Entry(seq, commit)
}
