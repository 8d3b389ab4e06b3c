import assert from 'node:assert/strict'
import test from 'node:test'
import type { Did } from '@atcute/lexicons/syntax'
import type { Card } from '../../src/pictures/card.ts'
import { type CardRequest, Cards } from '../../src/pictures/cards.ts'
import { MemoryCache } from '../../src/pictures/picture-cache.ts'
import { TurnsFullError } from '../../src/pictures/turns.ts'
import { card } from './sample-card.ts'

const ann = 'did:plc:annnnnnnnnnnnnnnnnnnnnnn' as Did

function request(changes: Partial<Card> = {}): CardRequest {
  const style = { theme: 'night', size: 'large' } as const
  return { did: ann, card: card(changes), style, format: 'png', portrait: undefined }
}

/** Cards whose renderer draws when it is told to. */
function heldCards() {
  const held: { finish: () => void; fail: (error: Error) => void }[] = []
  const kept: Did[] = []
  const cards = new Cards({
    cache: new MemoryCache({ maxBytes: 1_000_000 }),
    kept: (did) => kept.push(did),
    version: '1',
    renderer: {
      draw: () =>
        new Promise((resolve, reject) => {
          held.push({ finish: () => resolve(Buffer.from('a card')), fail: reject })
        }),
    },
  })
  const draw = (one: CardRequest) => cards.draw(cards.tagOf(one), one)
  return { cards, held, kept, draw }
}

test('a card is drawn once for all who ask for it meanwhile, and kept', async () => {
  const { cards, held, kept, draw } = heldCards()
  const drawn = [draw(request()), draw(request())]
  assert.equal(held.length, 1)
  held[0]?.finish()
  assert.deepEqual(await Promise.all(drawn), [Buffer.from('a card'), Buffer.from('a card')])
  const tag = cards.tagOf(request())
  assert.deepEqual(await cards.cached(tag, request()), Buffer.from('a card'))
  assert.equal(await cards.cached(tag, { ...request(), format: 'svg' }), undefined)
  assert.deepEqual(kept, [ann])
})

test('two are drawn at a time, a hundred wait, and more are refused', async () => {
  const { held, draw } = heldCards()
  const drawn = Array.from({ length: 102 }, (_, n) => draw(request({ experience: n })))
  assert.equal(held.length, 2)
  await assert.rejects(draw(request({ experience: 102 })), TurnsFullError)
  const refusing = assert.rejects(drawn[0] ?? assert.fail(), /no memory/)
  held[0]?.fail(new Error('no memory'))
  await refusing
  assert.equal(held.length, 3, 'a failure makes room, too')
  const again = draw(request({ experience: 0 }))
  for (let n = 1; n < 103; n++) {
    held[n]?.finish()
    await drawn[n]
  }
  assert.deepEqual(await again, Buffer.from('a card'))
})

test('every part of a card, its looks and the program make another tag', () => {
  const { cards } = heldCards()
  const tag = (one: CardRequest) => cards.tagOf(one)
  const changes: Partial<Card>[] = [
    {},
    { name: 'B' },
    { handle: '@b' },
    { title: 'T' },
    { tier: 0 },
    { level: 1 },
    { experience: 1 },
    { missing: 1 },
    { progress: 1 },
    { figures: [] },
    { rank: undefined },
    { site: 's' },
  ]
  const tags = changes.map((change) => tag(request(change)))
  tags.push(tag({ ...request(), style: { theme: 'paper', size: 'large' } }))
  tags.push(tag({ ...request(), style: { theme: 'night', size: 'compact' } }))
  tags.push(tag({ ...request(), format: 'svg' }))
  tags.push(tag({ ...request(), portrait: Buffer.from('one') }))
  tags.push(tag({ ...request(), portrait: Buffer.from('two') }))
  const renderer = { draw: async () => Buffer.alloc(0) }
  const newer = new Cards({ cache: new MemoryCache({ maxBytes: 0 }), kept: () => {}, version: '2', renderer })
  tags.push(newer.tagOf(request()))
  assert.equal(new Set(tags).size, tags.length)
  assert.equal(tag(request()), tags[0])
})
