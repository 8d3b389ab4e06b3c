import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import { QuietMeter } from '../../../src/jetstream/socket/quiet.ts'
import { Watchdog } from '../../../src/jetstream/socket/watchdog.ts'
import { subscribe } from '../../../src/jetstream/subscribe.ts'
import { hear, optionsWith } from '../listener.ts'
import { ManualClock } from '../manual-clock.ts'
import { likeEvent, likeV2 } from '../messages.ts'
import { scriptedServer } from '../scripted-server.ts'

suite('the watchdog', () => {
  function watched() {
    const clock = new ManualClock()
    let silences = 0
    const watchdog = new Watchdog({ clock, silenceMs: 60_000, onSilence: () => (silences += 1) })
    watchdog.start()
    return { clock, watchdog, silences: () => silences }
  }

  test('barks once, between one silence and five quarters of it', () => {
    const { clock, silences } = watched()
    clock.pass(60_000)
    assert.equal(silences(), 0)
    clock.pass(15_000)
    assert.equal(silences(), 1)
    clock.pass(600_000)
    assert.equal(silences(), 1)
  })

  test('is content with a sign of life every half a minute', () => {
    const { clock, watchdog, silences } = watched()
    for (let minute = 0; minute < 20; minute += 1) {
      clock.pass(30_000)
      watchdog.hear()
    }
    assert.equal(silences(), 0)
  })

  test('takes a pause of our own for life, and counts anew after it', () => {
    const { clock, watchdog, silences } = watched()
    watchdog.deafen()
    clock.pass(3_600_000)
    watchdog.listen()
    clock.pass(60_000)
    assert.equal(silences(), 0)
    clock.pass(15_000)
    assert.equal(silences(), 1)
  })

  test('says nothing once stopped', () => {
    const { clock, watchdog, silences } = watched()
    watchdog.stop()
    clock.pass(600_000)
    assert.equal(silences(), 0)
  })
})

suite('a host is quiet', () => {
  function metered() {
    const clock = new ManualClock()
    const counts = { pings: 0, quiet: 0 }
    const meter = new QuietMeter({
      clock,
      ping: () => (counts.pings += 1),
      onQuiet: () => (counts.quiet += 1),
    })
    meter.start()
    return { clock, meter, counts }
  }

  test('once it has answered three pings a second apart and sent nothing meanwhile', () => {
    const { clock, meter, counts } = metered()
    for (let second = 1; second <= 3; second += 1) {
      assert.equal(counts.quiet, 0)
      clock.pass(1_000)
      assert.equal(counts.pings, second)
      meter.answered()
    }
    assert.equal(counts.quiet, 1)
    clock.pass(3_600_000)
    meter.answered()
    assert.deepEqual(counts, { pings: 3, quiet: 1 })
  })

  test('not where it does not answer, however long it is silent, nor by one answer after that', () => {
    const { clock, meter, counts } = metered()
    clock.pass(3_600_000)
    assert.deepEqual(counts, { pings: 1, quiet: 0 })
    for (let n = 0; n < 5; n += 1) meter.answered()
    assert.equal(counts.quiet, 0)
  })

  test('not where it sends something between its answers', () => {
    const { clock, meter, counts } = metered()
    for (let n = 0; n < 10; n += 1) {
      clock.pass(2_000)
      meter.answered()
      clock.pass(1_000)
      meter.answered()
      meter.hear()
    }
    assert.equal(counts.quiet, 0)
  })

  test('anew after it has sent something, and never once stopped', () => {
    const { clock, meter, counts } = metered()
    const silence = () => {
      for (let second = 0; second < 4; second += 1) {
        clock.pass(1_000)
        meter.answered()
      }
    }
    silence()
    meter.hear()
    silence()
    assert.equal(counts.quiet, 2)
    meter.stop()
    meter.hear()
    silence()
    assert.equal(counts.quiet, 2)
  })
})

test('that a host has nothing more to send is delivered after all that it sent', async () => {
  const connected = Promise.withResolvers<WebSocket>()
  await using server = await scriptedServer([
    (socket) => {
      socket.send(likeV2(1))
      connected.resolve(socket)
    },
  ])
  const clock = new ManualClock()
  const stream = subscribe(optionsWith({ hosts: [server.url], clock }))
  const first = await stream.next()
  assert.deepEqual([first.value?.events, first.value?.quiet], [[likeEvent(1)], false])
  const socket = await connected.promise
  const second = stream.next()
  const quietFor = async (pings: number): Promise<void> => {
    for (let n = 0; n < pings; n += 1) {
      const pinged = once(socket, 'ping')
      clock.pass(n === 0 ? 2_000 : 1_000)
      await pinged
      // The answer is sent before anything else that the server says.
      const answered = once(socket, 'pong')
      socket.ping()
      await answered
    }
  }
  await quietFor(3)
  const { value } = await second
  const nothing = { events: [], bytes: 0, queuedBytes: 0, gaps: [] }
  assert.deepEqual(value, { ...nothing, cursor: first.value?.cursor, quiet: true })
  socket.send(likeV2(2))
  const third = await stream.next()
  assert.deepEqual([third.value?.events, third.value?.quiet], [[likeEvent(2)], false])
  await stream.return(undefined)
})

test('pings keep a quiet connection, and without them it is given up for the next host', async () => {
  const connected = Promise.withResolvers<WebSocket>()
  await using quiet = await scriptedServer([(socket) => connected.resolve(socket)])
  await using lively = await scriptedServer([{ frames: [likeV2(1)] }])
  const clock = new ManualClock()
  const heard = hear()
  const stream = subscribe(
    optionsWith({
      hosts: [quiet.url, lively.url],
      observer: heard.observer,
      clock,
      silenceMs: 60_000,
      backoff: { baseMs: 0, maxMs: 60_000, random: () => 0 },
    }),
  )
  const first = stream.next()
  const socket = await connected.promise
  while (heard.connected.length === 0) await turn()
  for (let pings = 0; pings < 10; pings += 1) {
    const answered = once(socket, 'pong')
    socket.ping()
    await answered
    clock.pass(30_000)
  }
  assert.deepEqual(heard.endings, [])
  clock.pass(75_000)
  let { value } = await first
  while (value?.quiet) value = (await stream.next()).value
  assert.deepEqual(value?.events, [likeEvent(1)])
  assert.deepEqual(
    heard.endings.map(({ kind }) => kind),
    ['silent'],
  )
  await stream.return(undefined)
})

test('a consumer that does not take holds the server back, and nothing is lost', async () => {
  const count = 20_000
  const padding = 'x'.repeat(1_000)
  const mark = 200_000
  let sending: WebSocket | undefined
  await using server = await scriptedServer([
    (socket) => {
      sending = socket
      for (let n = 1; n <= count; n += 1) socket.send(likeV2(n, { text: padding }))
    },
  ])
  const paused = Promise.withResolvers<void>()
  const heard = hear()
  const observer = { ...heard.observer, paused: () => paused.resolve() }
  const stream = subscribe(
    optionsWith({ hosts: [server.url], observer, maxEvents: count, batchWindowMs: 0, highWaterBytes: mark }),
  )
  const first = await stream.next()
  await paused.promise
  for (let turns = 0; turns < 50; turns += 1) await turn()
  // What the kernel has no room for waits at the server.
  assert.ok((sending?.bufferedAmount ?? 0) > (count * padding.length) / 4)
  const second = await stream.next()
  const oneRead = 64 * 1024 + 2 * padding.length
  assert.ok((second.value?.bytes ?? 0) <= mark + oneRead, `${second.value?.bytes} bytes`)
  let taken = (first.value?.events.length ?? 0) + (second.value?.events.length ?? 0)
  let last = second.value
  while (taken < count) {
    const { value } = await stream.next()
    taken += value?.events.length ?? 0
    last = value
  }
  assert.equal(taken, count)
  assert.equal(last?.cursor?.value, count)
  assert.ok(heard.resumes >= 1)
  await stream.return(undefined)
})
