import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { RequestError } from '../../src/bluesky/request.ts'
import { HostDownError, HostTurns } from '../../src/ingest/host-turns.ts'
import { KeyedLimit } from '../../src/ingest/keyed-limit.ts'
import { settled } from './frozen-time.ts'

const never = new AbortController().signal

/** Turns of a clock that the tests move. */
function turns(atOnce = 4) {
  const time = { ms: 0, wakes: [] as { at: number; wake: () => void }[] }
  const hosts = new HostTurns({
    ...{ perSecond: () => 2, atOnce, restMs: 60_000, elapsedMs: () => time.ms },
    schedule: (ms, wake) => {
      const entry = { at: time.ms + ms, wake }
      time.wakes.push(entry)
      return () => {
        time.wakes = time.wakes.filter((each) => each !== entry)
      }
    },
  })
  const pass = async (ms: number): Promise<void> => {
    time.ms += ms
    const due = time.wakes.filter(({ at }) => at <= time.ms)
    time.wakes = time.wakes.filter(({ at }) => at > time.ms)
    for (const { wake } of due) wake()
    await settled()
  }
  const asked: string[] = []
  const ask = (host: string) => hosts.use(host, never, async () => void asked.push(host))
  return { hosts, pass, asked, ask }
}

suite('hosts', () => {
  test('are asked so often in a second, each by itself', async () => {
    const { pass, asked, ask } = turns()
    const all = ['a', 'a', 'a', 'b'].map(ask)
    await settled()
    assert.deepEqual(asked, ['a', 'b', 'a'])
    await pass(999)
    assert.equal(asked.length, 3)
    await pass(1)
    await Promise.all(all)
    assert.equal(asked.length, 4)
  })

  test('get one request at a time, and not more than allowed in all', async () => {
    const { hosts } = turns(2)
    let [now, most] = [0, 0]
    const ended = ['a', 'a', 'b', 'c'].map((host) =>
      hosts.use(host, never, async () => {
        now += 1
        most = Math.max(most, now)
        await settled()
        now -= 1
      }),
    )
    await Promise.all(ended)
    assert.equal(most, 2)
  })

  test('that ask for a pause keep no other waiting, however few are asked at once', async () => {
    const { hosts, pass, asked, ask } = turns(1)
    const busy = new RequestError('429', { status: 429, waitMs: 900_000 })
    await assert.rejects(
      hosts.use('a', never, () => Promise.reject(busy)),
      busy,
    )
    const waiting = ask('a')
    await ask('b')
    assert.deepEqual(asked, ['b'])
    await pass(900_000)
    await waiting
  })

  test("are asked within a limit of the work's own, where it has one", async () => {
    const { hosts, asked, ask } = turns(1)
    const [reads, read] = [new KeyedLimit(1), Promise.withResolvers<void>()]
    const first = hosts.use('a', never, () => read.promise, reads)
    const second = hosts.use('b', never, async () => void asked.push('b'), reads)
    // What is read takes no place of those who are only asked.
    await ask('c')
    assert.deepEqual(asked, ['c'])
    read.resolve()
    await Promise.all([first, second])
  })

  test('that ask for a pause get it', async () => {
    const { hosts, pass, asked, ask } = turns()
    const busy = new RequestError('429', { status: 429, waitMs: 5_000 })
    await assert.rejects(
      hosts.use('a', never, () => Promise.reject(busy)),
      busy,
    )
    const later = ask('a')
    await pass(4_999)
    assert.deepEqual(asked, [])
    await pass(1)
    await later
  })

  test('that are down are left alone for a while, and no other is', async () => {
    const { hosts, pass, asked, ask } = turns()
    hosts.leaveAlone('a')
    await assert.rejects(ask('a'), HostDownError)
    await ask('b')
    await pass(60_000)
    await ask('a')
    assert.deepEqual(asked, ['b', 'a'])
  })
})
