// Short names for operations: operation number `n` is at second `n`, and its revision is number `n`.
import type { AccountStatus, CommitEvent, Did, Handle, Nsid, StreamEvent } from '../../src/atproto/event.ts'
import { Draft } from '../../src/game/decide/draft.ts'
import type { Game } from '../../src/game/game.ts'
import type { Absent, Operation } from '../../src/game/operation.ts'
import { NO_FACTS } from '../../src/game/rules/rule.ts'
import { type Changes, pathOf, type RecordPath } from '../../src/game/state.ts'
import type { Day } from '../../src/game/time.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { game, LIKE, POST, person, REPOST, START, tid } from './arbitrary.ts'

export const [alice, bob, carol] = [person(0), person(1), person(2)]

/** The record of a post with a described picture, which is worth 70 XP. */
export const DESCRIBED = { embed: { $type: 'app.bsky.embed.images', images: [{ alt: 'a cat' }] } }

export const second = (n: number): number => START + n * 1_000_000

/** A post by alice, created, unless `fields` say otherwise. */
export function commit({ n, ...fields }: Partial<CommitEvent> & { n: number }): CommitEvent {
  return {
    kind: 'commit',
    did: alice,
    at: second(n),
    rev: tid(n),
    op: 'create',
    collection: POST,
    rkey: tid(n),
    record: {},
    ...fields,
  }
}

export function like(n: number, fields: Partial<CommitEvent> = {}): CommitEvent {
  return commit({ n, collection: LIKE, record: { subject: { uri: 'at://x' } }, ...fields })
}

/** A repost of the post by `author` whose key is number `key`. */
export function repost(n: number, author: Did, key: number, fields: Partial<CommitEvent> = {}): CommitEvent {
  const uri = `at://${author}/${POST}/${tid(key)}`
  return commit({ n, collection: REPOST, record: { subject: { uri } }, ...fields })
}

/** Operation number `n`: it deletes the record that `of` wrote. */
export function removal(n: number, of: CommitEvent): CommitEvent {
  return { ...of, at: second(n), rev: tid(n), op: 'delete', record: undefined }
}

/** Account status number `n` of the stream, at second `time` of its server's clock. */
export function status(n: number, value: AccountStatus, time = n): StreamEvent {
  return { kind: 'account', did: alice, at: second(n), time: second(time), status: value }
}

/** Says that alice's identity has changed, and her handle where it names one. */
export function identity(n: number, handle?: Handle): Operation {
  return { kind: 'identity', did: alice, at: second(n), handle }
}

/** Says that alice's repository was replaced. */
export function sync(n: number): Operation {
  return { kind: 'sync', did: alice, at: second(n), rev: tid(n) }
}

/** Alice's repository as the network holds it: of the records that tests write in `collections`, it has those at `paths`. */
export function repository(
  n: number,
  paths: readonly RecordPath[] = [],
  { did = alice, collections = [...game.followed] }: { did?: Did; collections?: readonly Nsid[] } = {},
): Absent {
  const held = new Set<string>(paths)
  const keys = [...Array.from({ length: 100 }, (_, key) => tid(key)), 'self', 'jzzzzzzzzzzzz']
  const all = collections.flatMap((collection) => keys.map((rkey) => ({ did, collection, rkey })))
  const records = all.filter((id) => !held.has(pathOf(id)))
  return { kind: 'absent', did, at: second(n), rev: tid(n), records }
}

/** Folds one operation after the other. */
export function ledgerOf(operations: readonly Operation[], by: Game = game): MemoryLedger {
  const ledger = new MemoryLedger()
  for (const operation of operations) ledger.fold(by, [operation])
  ledger.assertBalanced()
  return ledger
}

/** Puts alice's post number `n` into `ledger` as the import of a repository does: it counts on the day that it claims. */
export function bring(ledger: MemoryLedger, n: number, claimed: Day): Changes {
  const draft = new Draft(ledger, game)
  const id = { did: alice, collection: POST, rkey: tid(n) }
  const change = draft.change(alice)
  const facts = { ...NO_FACTS, media: 'text' } as const
  const at = START / 1_000_000
  draft.put(change, id, { rev: tid(n), live: true, xp: 50, facts, at, capped: false, claimed })
  draft.enter(change, id, { at: START, cause: 'create', reason: 'post.text', delta: 50 })
  const changes = draft.settle()
  ledger.commit(changes)
  return changes
}
