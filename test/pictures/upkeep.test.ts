import assert from 'node:assert/strict'
import test from 'node:test'
import type { Did } from '@atcute/lexicons/syntax'
import { MemoryCache } from '../../src/pictures/picture-cache.ts'
import { Upkeep } from '../../src/pictures/upkeep.ts'

const didOf = (n: number): Did => `did:web:n${n}.example` as Did

async function kept(people: number) {
  const cards = new MemoryCache({ maxBytes: 1_000_000 })
  const avatars = new MemoryCache({ maxBytes: 1_000_000 })
  for (let n = 0; n < people; n++) {
    await cards.put(didOf(n), 'card', Buffer.alloc(10))
    await avatars.put(didOf(n), 'avatar', Buffer.alloc(10))
  }
  const hidden = new Set<Did>()
  const asked: (readonly Did[])[] = []
  const fault = { error: undefined as Error | undefined }
  const upkeep = new Upkeep({
    caches: [cards, avatars],
    shown: async (dids) => {
      asked.push(dids)
      if (fault.error !== undefined) throw fault.error
      return new Set(dids.filter((did) => !hidden.has(did)))
    },
  })
  return { cards, avatars, hidden, asked, fault, upkeep }
}

test('who is named as changed is asked about at once, and goes from all caches if they are not shown', async () => {
  const { cards, avatars, hidden, upkeep, asked } = await kept(500)
  hidden.add(didOf(499))
  upkeep.changed([didOf(3), didOf(499), didOf(7_777)])
  assert.equal(await upkeep.round(), 1)
  assert.deepEqual(asked[0]?.slice(0, 2), [didOf(3), didOf(499)])
  assert.ok(!cards.has(didOf(499)) && !avatars.has(didOf(499)))
  assert.ok(cards.has(didOf(3)) && avatars.has(didOf(3)))
})

test('everybody has their turn, a hundred a round, over and over', async () => {
  const { cards, hidden, upkeep, asked } = await kept(250)
  hidden.add(didOf(249))
  for (let round = 0; round < 3; round++) await upkeep.round()
  assert.ok(asked.every((dids) => dids.length <= 100))
  assert.ok(!cards.has(didOf(249)))
  hidden.add(didOf(0))
  for (let round = 0; round < 6; round++) await upkeep.round()
  assert.ok(!cards.has(didOf(0)))
})

test('while the ledger cannot be read, nothing is erased and nobody is forgotten', async () => {
  const { cards, hidden, upkeep, fault } = await kept(1)
  hidden.add(didOf(0))
  upkeep.changed([didOf(0)])
  fault.error = new Error('out of reach')
  await assert.rejects(upkeep.round(), /out of reach/)
  assert.ok(cards.has(didOf(0)))
  fault.error = undefined
  assert.equal(await upkeep.round(), 1)
})

test('nobody to ask about means no question', async () => {
  const { upkeep, asked } = await kept(0)
  assert.equal(await upkeep.round(), 0)
  assert.deepEqual(asked, [])
})
