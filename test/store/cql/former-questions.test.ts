import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseUri } from '../../../src/atproto/uri.ts'
import { decide } from '../../../src/game/decide.ts'
import type { Operation } from '../../../src/game/operation.ts'
import type { AskedQuestion } from '../../../src/game/question.ts'
import { touched } from '../../../src/game/touched.ts'
import { shardOf } from '../../../src/store/cql/rows/buckets.ts'
import { timesOf } from '../../../src/store/cql/shards/journal.ts'
import type { Writer } from '../../../src/store/store.ts'
import { game, POST, person, REPOST, START, tid } from '../../game/arbitrary.ts'
import { MemoryCluster } from './memory-cluster.ts'
import { openOn } from './memory-store.ts'

const SHARDS = 1
const KEEP = { fingerprint: game.rules.fingerprint, purpose: 'keep' } as const
const LATER = 2 ** 31
/** The last write time of the first owner; write times are not a clock's. */
const OWNER = { timestamp: timesOf(2, 0).delete - 1 }
const KINDS = ['subject', 'profile', 'repository'] as const
const [alice, bob, stranger] = [person(0), person(1), person(2)]
const subject = `at://${bob}/${POST}/${tid(1)}`

const repost: Operation = {
  kind: 'commit',
  op: 'create',
  did: alice,
  at: START,
  rev: tid(2),
  collection: REPOST,
  rkey: tid(2),
  record: { subject: { uri: subject, cid: 'x' } },
}

test('questions of the layout that could put none off are moved, and asked as if they were new', async () => {
  const cluster = new MemoryCluster()
  await using store = await openOn(cluster, { shards: SHARDS })
  {
    await using writer = await store.write(KEEP)
    await fold(writer, [repost])
  }
  const former = goBack(cluster)
  // Of somebody of whom nothing is held any more, and twice of the same one.
  insert(cluster, former, { kind: 'profile', did: stranger })
  insert(cluster, former + 1, { kind: 'profile', did: alice })
  insert(cluster, former + 2, { kind: 'repository', did: alice })
  const waiting = { subject: 1, profile: 3, repository: 1, import: 0 }
  cluster.run('UPDATE books SET waiting = ? WHERE shard = ?', [waiting, 0], OWNER)
  await using writer = await store.write(KEEP)
  const asked = await allOf(writer)
  assert.deepEqual(
    asked.map(({ kind, did, tries }) => [kind, did, tries]),
    [
      ['subject', alice, 0],
      ['profile', alice, 0],
      ['repository', alice, 0],
    ],
  )
  const [first] = asked
  assert.ok(first?.kind === 'subject')
  assert.deepEqual([first.rkey, first.rev, first.subject], [tid(2), tid(2), parseUri(subject)])
  assert.deepEqual(cluster.rows('questions'), [])
  const status = await store.reader.status()
  assert.deepEqual(status.waiting, { subject: 1, profile: 1, repository: 1, import: 0 })
  // What was moved is answered like any other, and is not moved again.
  await fold(
    writer,
    asked.map((question) => ({ kind: 'no-answer', question, did: question.did, at: START })),
  )
  assert.deepEqual(
    (await allOf(writer)).map(({ kind, tries }) => [kind, tries]),
    // On a network without an AppView nobody is asked for a profile twice.
    [
      ['subject', 1],
      ['repository', 1],
    ],
  )
  assert.deepEqual(await allOf(writer, 1), [])
})

test('a worker that dies while it moves former questions leaves each of them where it can be found', async () => {
  const cluster = new MemoryCluster()
  await using store = await openOn(cluster, { shards: SHARDS })
  {
    await using writer = await store.write(KEEP)
    await fold(writer, [repost])
  }
  goBack(cluster)
  const doomed = await store.write(KEEP)
  cluster.fate = (cql) =>
    /(INTO open_questions|FROM questions USING|FROM questions WHERE shard = \? AND kind = \? AND id)/.test(
      cql,
    )
      ? 'lost'
      : 'fine'
  const moving = doomed.questions('subject', 10, new Set(), LATER).catch(() => undefined)
  while (Number(cluster.rows('shards')[0]?.seq) < 2) await new Promise(setImmediate)
  // Its batch counts, and nothing of it is written.
  cluster.run('UPDATE shards SET until = ? WHERE shard = ?', [0, 0])
  cluster.fate = () => 'fine'
  await using heir = await store.write(KEEP)
  assert.deepEqual(
    (await allOf(heir)).map(({ kind, did }) => [kind, did]),
    [
      ['subject', alice],
      ['profile', alice],
    ],
  )
  await moving
})

/** Moves all open questions back into the old table, as in a keyspace of the second version; returns the next free number. */
function goBack(cluster: MemoryCluster): number {
  const open = cluster.rows('open_questions')
  for (const row of open) insert(cluster, Number(row.id), row)
  for (const { shard, kind, due, id } of open) {
    const key = [shard, kind, due, id]
    cluster.run('DELETE FROM open_questions WHERE shard = ? AND kind = ? AND due = ? AND id = ?', key, OWNER)
  }
  cluster.run('UPDATE characters SET open_questions = ? WHERE did = ?', [null, alice], OWNER)
  return 1 + Math.max(...open.map(({ id }) => Number(id)))
}

function insert(cluster: MemoryCluster, id: number, row: Record<string, unknown>): void {
  const { kind, did, collection = null, rkey = null, rev = null, subject = null } = row
  cluster.run(
    'INSERT INTO questions (shard, kind, id, did, collection, rkey, rev, subject) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    [shardOf(alice, SHARDS), kind, id, did, collection, rkey, rev, subject],
    OWNER,
  )
}

async function allOf(writer: Writer, now = LATER) {
  const all: AskedQuestion[] = []
  for (const kind of KINDS) all.push(...(await writer.questions(kind, 10, new Set(), now)))
  return all
}

async function fold(writer: Writer, operations: readonly Operation[]): Promise<void> {
  const known = await writer.load(touched(game, operations))
  await writer.commit(decide(game, known, operations), undefined)
}
