import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rulesReport } from '../../src/commands/rules-report.ts'
import { NO_CHANGES, type RuleChanges, rulebook } from '../../src/game/rulebook.ts'
import { preview } from '../../src/ingest/preview.ts'
import { alice, bob, fold, like, post, removalOf } from '../conformance/operations.ts'
import { game, LIKE, POST, person } from '../game/arbitrary.ts'
import { Memory } from '../memory-store/memory.ts'
import { openMemory } from '../memory-store/open.ts'

const carol = person(2)

/** What `changes` would do to alice (5 posts), bob (2 likes, one of which is deleted, and a post) and carol (a like). */
async function previewOf(changes: Partial<RuleChanges>) {
  const memory = new Memory()
  await using store = openMemory(memory)
  await using writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
  await fold(
    writer,
    [1, 2, 3, 4, 5].map((n) => post(alice, n)),
  )
  await fold(writer, [like(bob, 11), like(bob, 12), post(bob, 13), like(carol, 14)])
  await fold(writer, [removalOf(bob, 12)])
  await using survey = await store.rules.survey()
  const to = rulebook({ ...NO_CHANGES, ...changes })
  const found = await preview({
    survey,
    game: { ...game, rules: to },
    from: game.rules,
    progress: () => {},
    signal: new AbortController().signal,
  })
  return { found, report: await rulesReport(found, store.reader), memory }
}

test('a preview of other points reads no records, and counts who moves by how much', async () => {
  const { found, report, memory } = await previewOf({ points: { 'post.text': 80, like: 0 } })
  assert.deepEqual(found, {
    people: 3,
    read: 0,
    classes: [
      { from: -10, people: 1 },
      { from: 0, people: 0 },
      { from: 10, people: 1 },
      { from: 100, people: 1 },
    ].filter(({ people }) => people > 0),
    levels: { up: 1, down: 0, most: 1, least: 0 },
    titles: new Map(),
    experience: { before: 250 + 60 + 10, after: 400 + 80 },
    up: [
      { did: alice, before: 250, after: 400 },
      { did: bob, before: 60, after: 80 },
    ],
    down: [{ did: carol, before: 10, after: 0 }],
  })
  assert.match(report.join('\n'), /^3 people, 3 of whom would have other XP\n/)
  assert.match(report.join('\n'), /gains 100 to 999 +1\n/)
  assert.match(report.join('\n'), new RegExp(`${alice}: 250, then 400 \\(\\+150\\), level 3, then 4`))
  // Nothing was written.
  assert.deepEqual([memory.ledger.actor(alice)?.experience, memory.rulebooks.length], [250, 1])
})

test('a preview of caps reads the records of those whom they concern, and says new titles', async () => {
  const titles = [
    { level: 1, title: 'Guest' },
    { level: 2, title: 'Regular' },
  ]
  const { found } = await previewOf({ caps: { [POST]: 120, [LIKE]: 1_000 }, titles })
  assert.equal(found.read, 3)
  assert.deepEqual(found.down, [{ did: alice, before: 250, after: 120 }])
  assert.deepEqual(found.levels, { up: 0, down: 1, most: 0, least: -2 })
  assert.deepEqual(found.titles, new Map([['Guest', 3]]))
})
