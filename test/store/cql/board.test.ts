import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Did } from '../../../src/atproto/event.ts'
import type { Game } from '../../../src/game/game.ts'
import { NO_CHANGES, rulebook } from '../../../src/game/rulebook.ts'
import type { Reader } from '../../../src/store/store.ts'
import { KEEP } from '../../conformance/check.ts'
import { alice, bob, fold, like, post } from '../../conformance/operations.ts'
import { game, person } from '../../game/arbitrary.ts'
import { recomputeAll } from '../../recompute-all.ts'
import { MemoryCluster } from './memory-cluster.ts'
import { openOn } from './memory-store.ts'

/** More than there is room for on one shard's board, so that it is cut back to 250. */
const PEOPLE = 501
const LIKER = person(0)

test('a board or histogram that somebody changed behind the ledger is found out', async () => {
  const carol = person(2)
  for (const [cql, params, ...wrong] of [
    ['DELETE FROM board WHERE shard = ? AND did = ?', [0, alice], ['experience on the board', 50, 0]],
    [
      'INSERT INTO board (shard, did, experience) VALUES (?, ?, ?)',
      [0, alice, 60],
      ['experience on the board', 50, 60],
    ],
    [
      'INSERT INTO board (shard, did, experience) VALUES (?, ?, ?)',
      [0, carol, 60],
      ['places on the board without a character', 0, 1],
    ],
    [
      'INSERT INTO standings (shard, experience, characters) VALUES (?, ?, ?)',
      [0, 50, 0],
      ['characters with 50 XP', 1, 0],
    ],
    // As many characters as there are, at other amounts.
    [
      'INSERT INTO standings (shard, experience, characters) VALUES (?, ?, ?)',
      [0, 70, 1],
      ['characters with 70 XP', 0, 1],
    ],
  ] as const) {
    const cluster = new MemoryCluster()
    await using store = await openOn(cluster, { shards: 1 })
    {
      await using writer = await store.write(KEEP)
      await fold(writer, [post(alice, 1), like(bob, 1)])
    }
    assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])
    await cluster.execute(cql, params)
    const { findings } = await store.auditor.audit(game.rules, () => {})
    assert.deepEqual(
      findings.map(({ what, expected, actual }) => [what, expected, actual]),
      wrong,
      cql,
    )
  }
})

test('a recompute by rules that award less leaves nobody out of the board who belongs on it', async () => {
  await using store = await openOn(new MemoryCluster(), { shards: 1 })
  {
    await using writer = await store.write(KEEP)
    for (const piece of [everybody(0, 250), everybody(250, PEOPLE)])
      await fold(
        writer,
        piece.map((did) => post(did, 1)),
      )
    // By their likes alone: the recompute changes nothing for them.
    await fold(writer, [like(LIKER, 1)])
  }
  assert.equal(await places(store.reader), 250)
  const cheap: Game = { ...game, rules: rulebook({ ...NO_CHANGES, points: { 'post.text': 7 } }) }
  await recomputeAll(store, cheap.rules.fingerprint, cheap)
  assert.equal(await places(store.reader), 250)
  const { items } = await store.reader.board({ cursor: undefined, around: undefined, limit: 1 })
  assert.equal(items[0]?.character.did, LIKER)
  assert.deepEqual((await store.auditor.audit(cheap.rules, () => {})).findings, [])
})

async function places(reader: Reader): Promise<number> {
  let count = 0
  let cursor: string | undefined
  do {
    const page = await reader.board({ cursor, around: undefined, limit: 100 })
    count += page.items.length
    cursor = page.cursor
  } while (cursor !== undefined)
  return count
}

function did(n: number): Did {
  return `did:web:p${n}.example`
}

function everybody(from: number, to: number): Did[] {
  return Array.from({ length: to - from }, (_, n) => did(from + n))
}
