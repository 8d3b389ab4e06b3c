import { createRaw } from '@atcute/tid'
import fc from 'fast-check'
import type { Did, Nsid, StreamEvent } from '../../src/atproto/event.ts'
import type { Game } from '../../src/game/game.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'

export const POST: Nsid = 'app.bsky.feed.post'
export const LIKE: Nsid = 'app.bsky.feed.like'
export const REPOST: Nsid = 'app.bsky.feed.repost'
export const FOLLOW: Nsid = 'app.bsky.graph.follow'

export const rules = rulebook(NO_CHANGES)
/** A game without an AppView, in which people are shown at once. */
export const game: Game = {
  rules,
  former: undefined,
  followed: new Set([...rules.collections, FOLLOW]),
  baseline: 'off',
  appview: 'none',
}
/** A game whose profiles come from an AppView, so nobody is shown before it has answered. */
export const asking: Game = { ...game, appview: 'asked' }

export const START = 1_750_000_000_000_000

export function person(n: number): Did {
  return `did:plc:${'abcdefgh'.charAt(n).repeat(24)}`
}

/** Revisions and keys by number. */
export function tid(n: number): string {
  return createRaw(START + n * 1000, 5)
}

const shown = fc.constantFrom(
  {},
  { embed: { $type: 'app.bsky.embed.images', images: [{ alt: '' }] } },
  { embed: { $type: 'app.bsky.embed.images', images: [{ alt: 'a cat' }] } },
)

type Step = { who: number; what: number; key: number; record: object; commit: boolean }

const step: fc.Arbitrary<Step> = fc.record({
  who: fc.nat({ max: 3 }),
  what: fc.nat({ max: 99 }),
  key: fc.nat({ max: 5 }),
  record: shown,
  commit: fc.boolean(),
})

/** A stream in which each person's revisions grow; several operations may share one. */
export const stream: fc.Arbitrary<StreamEvent[]> = fc.array(step, { maxLength: 60 }).map(happening)

/** The same, mostly longer: by itself the generator prefers short streams. */
export const longStream: fc.Arbitrary<StreamEvent[]> = fc
  .array(step, { maxLength: 60, size: 'max' })
  .map(happening)

function happening(steps: readonly Step[]): StreamEvent[] {
  const revs = [0, 0, 0, 0]
  return steps.map(({ who, what, key, record, commit }, index): StreamEvent => {
    const did = person(who)
    // Nine hours apart, so that weeks and months end in between.
    const at = START + index * 32_400_000_000
    if (what < 6)
      return {
        kind: 'account',
        did,
        at,
        // Its server's clock moves once in two days, so that statuses share a time.
        time: at - (at % 172_800_000_000),
        status: (['deleted', 'active', 'deactivated'] as const)[what % 3] ?? 'active',
      }
    if (what < 8) return { kind: 'identity', did, at, handle: undefined }
    // Now and then an operation belongs to the commit of the one before, on another record.
    revs[who] = (revs[who] ?? 0) + (commit ? 1 : 0) || 1
    const rev = tid((revs[who] ?? 1) * 10)
    if (what < 30)
      return {
        kind: 'commit',
        did,
        at,
        rev,
        op: 'delete',
        collection: what % 2 ? POST : LIKE,
        rkey: tid(key),
        record: undefined,
      }
    const op = what % 5 === 0 ? 'update' : 'create'
    if (what < 60) return { kind: 'commit', did, at, rev, op, collection: POST, rkey: tid(key), record }
    if (what < 75)
      return {
        kind: 'commit',
        did,
        at,
        rev,
        op,
        collection: LIKE,
        // The second is a TID of a time that nobody lives in.
        rkey: key === 5 ? 'self' : key === 4 ? 'jzzzzzzzzzzzz' : tid(key),
        record: what === 74 ? {} : { subject: { uri: 'at://x' } },
      }
    if (what < 92) {
      const uri = `at://${person((who + key) % 4)}/${POST}/${tid(key)}`
      return {
        kind: 'commit',
        did,
        at,
        rev,
        op,
        collection: REPOST,
        rkey: tid(key),
        record: { subject: { uri } },
      }
    }
    return { kind: 'commit', did, at, rev, op, collection: FOLLOW, rkey: tid(key), record: { subject: did } }
  })
}

/** Cuts a list into pieces. */
export function cut<T>(list: readonly T[], sizes: readonly number[]): T[][] {
  const pieces: T[][] = []
  for (let from = 0, i = 0; from < list.length; i++) {
    const size = 1 + (sizes[i % Math.max(1, sizes.length)] ?? 3)
    pieces.push(list.slice(from, from + size))
    from += size
  }
  return pieces
}
