import assert from 'node:assert/strict'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import test from 'node:test'
import type { Did } from '@atcute/lexicons/syntax'
import { HeavyReads } from '../../src/api/heavy-reads.ts'
import { Listener } from '../../src/api/listener.ts'
import { SharedPages } from '../../src/api/shared-pages.ts'
import { ShownPeople } from '../../src/api/shown-people.ts'
import type { Character } from '../../src/store/store.ts'
import { alice, bob, build } from './harness.ts'
import { ScriptedLedger } from './scripted-ledger.ts'

test('a client that reads slowly is waited for without leaving anything behind at each turn', async () => {
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  let waiting = 1_000_000
  Object.defineProperty(response, 'writableLength', { get: () => waiting })
  const listener = new Listener({ response, dids: undefined, sampled: false, last: '0', charge: () => true })
  const count = () => response.listenerCount('close') + response.listenerCount('error')
  const drained = listener.drained(new AbortController().signal)
  const before = count()
  for (let turn = 0; turn < 20; turn++) {
    await new Promise(setImmediate)
    response.emit('drain')
  }
  await new Promise(setImmediate)
  assert.equal(count(), before)
  waiting = 0
  response.emit('drain')
  await drained
  assert.equal(count(), 0)
})

test('who may be seen is known to all who ask at the same moment', async () => {
  const answer = Promise.withResolvers<Character[]>()
  const asked: (readonly Did[])[] = []
  const shown = new ShownPeople({
    characters: (dids) => {
      asked.push(dids)
      return answer.promise
    },
  })
  const seen = () => shown.among([alice]).then((mayBeSeen) => [mayBeSeen(alice), mayBeSeen(bob)])
  const both = [seen(), seen()]
  await new Promise(setImmediate)
  answer.resolve([{ did: alice } as Character])
  assert.deepEqual(await Promise.all(both), [
    [true, false],
    [true, false],
  ])
  assert.deepEqual(asked, [[alice]])
})

test('a failure to say who may be seen is not remembered as an answer', async () => {
  const answers = [Promise.reject(new Error('away')), Promise.resolve([{ did: alice } as Character])]
  const shown = new ShownPeople({ characters: async () => answers.shift() ?? [] })
  await assert.rejects(shown.among([alice]), /away/)
  assert.ok((await shown.among([alice]))(alice))
})

test('clients that were away share what is read, wherever each of them begins', async () => {
  const ledger = new ScriptedLedger().join(alice)
  for (let n = 0; n < 5_000; n++) ledger.earn(alice, { delta: 10 })
  const pages = new SharedPages(ledger, ({ did, position }) => ({
    did,
    position,
    isLevelUp: false,
    text: position,
  }))
  for (let client = 0; client < 100; client++) {
    const seen: number[] = []
    for (let position = String(client * 7); ; ) {
      const page = pages.cached(position) ?? (await pages.read(position))
      seen.push(...page.events.map(({ text }) => Number(text)))
      if (page.position === position) break
      position = page.position
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 5_000 - client * 7 }, (_, n) => client * 7 + n + 1),
    )
  }
  // 25 pages, and for each client the way to the first one, and the question whether there is more.
  const reads = ledger.reads.recent ?? 0
  assert.ok(reads <= 25 + 100 * 2, `${reads} readings`)
})

test('pages that are held are few, and go with the last client', async () => {
  const ledger = new ScriptedLedger().join(alice)
  for (let n = 0; n < 300; n++) ledger.earn(alice, { delta: 10 })
  const pages = new SharedPages(ledger, ({ did, position }) => ({
    did,
    position,
    isLevelUp: false,
    text: '',
  }))
  // From the end: none of them leads to another.
  for (let n = 299; n >= 0; n--) await pages.read(String(n))
  const countCached = () =>
    Array.from({ length: 300 }, (_, n) => pages.cached(String(n))).filter(Boolean).length
  assert.ok(countCached() > 0 && countCached() <= 100, `${countCached()} countCached`)
  pages.clear()
  assert.equal(countCached(), 0)
})

test('where too many long reads wait, the next client is asked to come back', async () => {
  const heavy = new HeavyReads(1)
  const first = heavy.run(async () => 'read')
  await assert.rejects(
    heavy.run(async () => 'never'),
    { status: 503 },
  )
  assert.equal(await first, 'read')
  assert.equal(await heavy.run(async () => 'again'), 'again')
})

test('so many long reads at a time are answered, and the rest with 503 and when to come back', async () => {
  await using server = await build()
  const answers = await Promise.all(
    Array.from({ length: 300 }, () => server.get('/v1/events?after=0&limit=1')),
  )
  const refused = answers.filter(({ statusCode }) => statusCode !== 200)
  assert.equal(refused.length, 100)
  for (const answer of refused) {
    assert.deepEqual([answer.statusCode, answer.json().error], [503, 'TooManyReads'])
    assert.ok(answer.headers['retry-after'])
  }
})
