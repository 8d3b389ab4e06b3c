import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CharacterCache } from '../../src/client/character-cache.ts'
import { type Batch, Lookups } from '../../src/client/lookups.ts'
import { Pace } from '../../src/client/pace.ts'
import type { Outcome } from '../../src/client/request.ts'
import { character } from './sample.ts'

const EVERYBODY = (names: readonly string[]): Outcome<Batch> => ({
  kind: 'ok',
  value: new Map(names.map((name) => [name, name.startsWith('no') ? null : character(7)])),
})

/** Lookups by a clock that only the test moves. */
function scripted(answer: (names: readonly string[]) => Outcome<Batch> = EVERYBODY) {
  let now = 1_000_000
  const timers: { at: number; then: () => void }[] = []
  const wait = (ms: number, then: () => void): void => void timers.push({ at: now + ms, then })
  const asked: { names: readonly string[]; at: number }[] = []
  /** What is answered, how long another request takes that goes first, and how long the answer is on its way. */
  const script = { answer, firstMs: 0, answerMs: 0 }
  const cache = new CharacterCache()
  let changes = 0
  const lookups = new Lookups({
    ask: async (names, sending) => {
      if (script.firstMs > 0) await new Promise<void>((resolve) => wait(script.firstMs, resolve))
      sending()
      asked.push({ names, at: now })
      const answered = script.answer(names)
      if (script.answerMs > 0) await new Promise<void>((resolve) => wait(script.answerMs, resolve))
      return answered
    },
    cache,
    pace: new Pace(),
    changed: () => {
      changes++
    },
    now: () => now,
    wait,
  })
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
  return {
    lookups,
    asked,
    script,
    changes: () => changes,
    now: () => now,
    /** Lets `ms` pass, and all that is due in it happen. */
    pass: async (ms: number) => {
      const end = now + ms
      for (;;) {
        await settled()
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (next === undefined) break
        timers.splice(timers.indexOf(next), 1)
        now = Math.max(now, next.at)
        next.then()
      }
      now = end
      await settled()
    },
  }
}

const names = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, n) => `p${from + n}.example`)

suite('lookups', () => {
  test('ask once for names that come together, and once for a name that comes twice', async () => {
    const { lookups, asked, pass, changes } = scripted()
    const both = Promise.all([lookups.find(['a.example', 'nobody.example']), lookups.find(['a.example'])])
    await pass(50)
    assert.deepEqual(await both, [
      [
        { kind: 'known', character: character(7), retryMs: null },
        { kind: 'unknown', retryMs: null },
      ],
      [{ kind: 'known', character: character(7), retryMs: null }],
    ])
    assert.deepEqual(
      asked.map((batch) => batch.names),
      [['a.example', 'nobody.example']],
    )
    assert.equal(changes(), 1)
  })

  test('answer from the cache for a minute, then ask again while the older answer is shown', async () => {
    const { lookups, asked, pass, script } = scripted()
    void lookups.find(['a.example'])
    await pass(60_000)
    assert.equal((await lookups.find(['a.example']))[0]?.kind, 'known')
    assert.equal(asked.length, 1)
    await pass(100)
    script.answer = (list) => ({ kind: 'ok', value: new Map(list.map((name) => [name, character(8)])) })
    const older = { kind: 'known', character: character(7), retryMs: 10_000 }
    assert.deepEqual(await lookups.find(['a.example']), [older])
    await pass(1_000)
    assert.equal(asked.length, 2)
    assert.deepEqual(await lookups.find(['a.example']), [
      { kind: 'known', character: character(8), retryMs: null },
    ])
  })

  test('ask for at most 100 names at once, at most every 250 ms', async () => {
    const { lookups, asked, pass } = scripted()
    const all = lookups.find(names(450))
    await pass(10_000)
    assert.equal((await all).length, 450)
    assert.deepEqual(
      asked.map((batch) => batch.names.length),
      [100, 100, 100, 100, 50],
    )
    const gaps = asked.slice(1).map(({ at }, n) => at - (asked[n]?.at ?? 0))
    assert.deepEqual(gaps, [250, 250, 250, 250])
  })

  test('count the 250 ms from when a request goes, not from one before it', async () => {
    const { lookups, asked, pass, script } = scripted()
    script.firstMs = 200
    const all = lookups.find(names(200))
    await pass(260)
    assert.equal(asked.length, 1)
    script.firstMs = 0
    await pass(10_000)
    assert.equal((await all).length, 200)
    assert.equal((asked[1]?.at ?? 0) - (asked[0]?.at ?? 0), 250)
  })

  test('keep an address short however long the names are', async () => {
    const { lookups, asked, pass } = scripted()
    const long = names(100).map((name) => `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${name}`)
    void lookups.find(long)
    await pass(10_000)
    assert.equal(asked.flatMap((batch) => batch.names).length, 100)
    for (const batch of asked) assert.ok(batch.names.join(',').length <= 6_000)
  })

  test('wait as long as a server asks, and tell so at once', async () => {
    const { lookups, asked, pass, script } = scripted(() => ({ kind: 'refused', retryMs: 30_000 }))
    const first = lookups.find(['a.example'])
    await pass(50)
    assert.deepEqual(await first, [{ kind: 'later', retryMs: 30_000 }])
    assert.deepEqual(await lookups.find(['b.example']), [{ kind: 'later', retryMs: 30_000 }])
    script.answer = EVERYBODY
    await pass(29_000)
    const soon = lookups.find(['a.example'])
    await pass(2_000)
    assert.equal((await soon)[0]?.kind, 'known')
    assert.equal(asked.length, 2)
    assert.ok((asked[1]?.at ?? 0) - (asked[0]?.at ?? 0) >= 30_000)
  })

  test('ask a dead server less and less', async () => {
    const { lookups, asked, pass } = scripted(() => ({ kind: 'failed', why: 'no route' }))
    for (let second = 0; second < 600; second++) {
      void lookups.find([`p${second}.example`])
      await pass(1_000)
    }
    // 1, 2, 4, ... 256 seconds: about ten requests in ten minutes, however many names come.
    assert.ok(asked.length >= 8 && asked.length <= 11, `${asked.length} requests`)
  })

  test('show what is cached while the server is dead', async () => {
    const { lookups, pass, script } = scripted()
    void lookups.find(['a.example'])
    await pass(61_000)
    script.answer = () => ({ kind: 'refused', retryMs: 60_000 })
    void lookups.find(['b.example'])
    await pass(1_000)
    const [found] = await lookups.find(['a.example'])
    assert.ok(found?.kind === 'known' && found.character.level === 7, JSON.stringify(found))
    // The pause is of a minute, less what has passed of it.
    assert.ok(found.retryMs !== null && found.retryMs > 50_000, `${found.retryMs}`)
  })

  test('show no answer that is older than another one which came first', async () => {
    const { lookups, asked, pass, script, now } = scripted()
    void lookups.find(['a.example'])
    await pass(61_000)
    // The request goes, and its answer is on its way.
    script.answerMs = 3_000
    void lookups.find(['a.example'])
    await pass(1_000)
    assert.equal(asked.length, 2)
    const risen = { ...character(7), level: 8 }
    lookups.noteSeen([risen], now())
    assert.deepEqual(await lookups.find(['a.example']), [{ kind: 'known', character: risen, retryMs: null }])
    await pass(3_000)
    assert.deepEqual(await lookups.find(['a.example']), [{ kind: 'known', character: risen, retryMs: null }])
  })

  test('count an answer’s age from when it was asked for', async () => {
    const { lookups, asked, pass, script } = scripted()
    script.answerMs = 5_000
    void lookups.find(['a.example'])
    await pass(58_000)
    assert.deepEqual(asked.length, 1)
    await pass(3_000)
    await lookups.find(['a.example'])
    await pass(1_000)
    assert.equal(asked.length, 2)
  })

  test('ask again for a name that the server passed over', async () => {
    const { lookups, pass } = scripted(() => ({ kind: 'ok', value: new Map() }))
    const found = lookups.find(['a.example'])
    await pass(50)
    assert.deepEqual(await found, [{ kind: 'later', retryMs: 30_000 }])
  })
})
