import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { constants, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { isNearby } from '../../src/jetstream/attempts/nearby.ts'
import { dictionaryOf, headerOf, inflate } from '../../src/jetstream/socket/zstd.ts'
import { makeDictionary } from './dictionary.ts'
import { collect, events, hear, optionsWith } from './listener.ts'
import { ManualClock } from './manual-clock.ts'
import { likeEvent, likeV1, likeV2 } from './messages.ts'
import { scriptedServer } from './scripted-server.ts'

const DICTIONARY = makeDictionary(7)
const MIB = 1024 * 1024

function compress(text: string, dictionary = DICTIONARY): Buffer {
  return zstdCompressSync(text, { dictionary, params: { [constants.ZSTD_c_contentSizeFlag]: 1 } })
}

/** Everything, set by set. */
function inflateAll(frames: readonly Buffer[], largest = MIB) {
  const results = []
  while (results.length < frames.length) {
    results.push(...inflate(frames.slice(results.length), dictionaryOf(DICTIONARY), largest))
  }
  return results
}

suite('inflating', () => {
  test('gives back any texts, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (texts) => {
        const results = inflateAll(texts.map((text) => compress(text)))
        assert.deepEqual(
          results,
          texts.map((text) => ({ text: text.toWellFormed() })),
        )
      }),
      { numRuns: 50 },
    )
  })

  test('never throws, and a broken frame harms no other', () => {
    const good = compress('good')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, magic) => {
        const broken = Buffer.concat([magic ? good.subarray(0, 6) : Buffer.alloc(0), bytes])
        const results = inflateAll([good, broken, good], 1_000)
        assert.deepEqual([results[0], results[2]], [{ text: 'good' }, { text: 'good' }])
      }),
      { numRuns: 200 },
    )
  })

  test('a frame cut off anywhere fails alone', () => {
    const whole = compress(likeV2(1))
    for (let length = 0; length < whole.length; length += 1) {
      const [first, cut, last] = inflateAll([whole, whole.subarray(0, length), whole])
      assert.deepEqual(cut, { failed: 'zstd' }, `${length} bytes`)
      assert.deepEqual([first, last], [{ text: likeV2(1) }, { text: likeV2(1) }])
    }
  })

  test('a frame that declares gigabytes is refused by its header', () => {
    const bomb = Buffer.from('28b52ffde000000000020000000000000001000000', 'hex')
    assert.equal(headerOf(bomb)?.size, 0x2_0000_0000)
    assert.deepEqual(inflateAll([bomb, compress('good')]), [{ failed: 'oversized' }, { text: 'good' }])
  })

  test('a frame that holds more than it declares, or declares nothing and holds too much, fails', () => {
    const liar = compress('x'.repeat(200_000))
    const { size } = headerOf(liar) ?? {}
    assert.equal(size, 200_000)
    liar.writeUInt32LE(100_000, liar.indexOf(Buffer.from([0x40, 0x0d, 0x03, 0x00])))
    const silent = zstdCompressSync('x'.repeat(200_000), {
      dictionary: DICTIONARY,
      params: { [constants.ZSTD_c_contentSizeFlag]: 0 },
    })
    assert.equal(headerOf(silent)?.size, undefined)
    const good = { text: 'good' }
    assert.deepEqual(inflateAll([compress('good'), liar, silent, compress('good')], 150_000), [
      good,
      { failed: 'zstd' },
      { failed: 'zstd' },
      good,
    ])
    assert.deepEqual(inflateAll([silent], MIB), [{ text: 'x'.repeat(200_000) }])
  })

  test('a frame of another dictionary is told apart', () => {
    assert.deepEqual(inflateAll([compress('other', makeDictionary(8))]), [{ failed: 'wrong-dictionary' }])
  })
})

suite('a compressed stream', () => {
  test('delivers frames that still wait for others when the connection ends', async () => {
    await using server = await scriptedServer([
      { frames: [compress(likeV2(1)), compress(likeV2(2))], close: 1000 },
      { frames: [] },
    ])
    server.dictionary = DICTIONARY
    const clock = new ManualClock()
    const { events: got } = await collect(
      optionsWith({ hosts: [server.url], compression: 'zstd', batchWindowMs: 1_000, clock }),
      events(2),
    )
    // No time has passed in which they could have been gathered.
    assert.deepEqual(got, [likeEvent(1), likeEvent(2)])
    assert.equal(server.attempts.length, 1)
  })

  test('does not wait for more where many frames have come', async () => {
    const frames = Array.from({ length: 256 }, (_, n) => compress(likeV2(n + 1)))
    await using server = await scriptedServer([{ frames }])
    server.dictionary = DICTIONARY
    const clock = new ManualClock()
    const { events: got } = await collect(
      optionsWith({ hosts: [server.url], compression: 'zstd', maxEvents: 256, batchWindowMs: 1_000, clock }),
      events(256),
    )
    assert.equal(got.length, 256)
  })

  test('is asked for by itself where the host is far away, and not from one nearby', async () => {
    await using server = await scriptedServer([{ frames: [likeV2(1)] }])
    server.dictionary = DICTIONARY
    await collect(optionsWith({ hosts: [server.url], compression: 'auto' }), events(1))
    assert.equal(server.attempts[0]?.query.get('zstdDictionary'), null)
    assert.equal(server.dictionaryRequests, 0)
    const far = ['wss://jetstream.us-east.bsky.network', 'ws://203.0.113.9:6008', 'ws://[2001:db8::1]/']
    const near = [
      'ws://127.0.0.1:80',
      'ws://[::1]:80',
      'ws://10.1.2.3',
      'ws://192.168.0.9',
      'ws://jetstream:6008',
    ]
    for (const url of far) assert.equal(isNearby(url), false, url)
    for (const url of [...near, 'ws://172.20.0.2', 'ws://[fd00::1]', 'ws://nas.local'])
      assert.equal(isNearby(url), true, url)
  })

  test('on v2 uses the dictionary that the host serves, fetched once', async () => {
    await using server = await scriptedServer([
      { frames: [compress(likeV2(1)), compress(likeV2(2))], close: 'cut' },
      { frames: [compress(likeV2(3))] },
    ])
    server.dictionary = DICTIONARY
    const heard = hear()
    const { events: got } = await collect(
      optionsWith({ hosts: [server.url], compression: 'zstd', observer: heard.observer }),
      events(3),
    )
    assert.deepEqual(
      got,
      [1, 2, 3].map((n) => likeEvent(n)),
    )
    assert.equal(server.attempts[0]?.query.get('zstdDictionary'), '7')
    assert.equal(server.dictionaryRequests, 1)
    assert.equal(heard.connected[0]?.compressed, true)
  })

  test('on v1 uses the file that the user names', async () => {
    await using server = await scriptedServer([{ frames: [compress(likeV1(1))] }])
    await collect(
      optionsWith({ hosts: [`${server.url}/subscribe`], compression: 'zstd', userDictionary: DICTIONARY }),
      events(1),
    )
    assert.equal(server.attempts[0]?.query.get('compress'), 'true')
    assert.equal(server.dictionaryRequests, 0)
  })

  test('skips frames that are cut off, and keeps the order around a plain one', async () => {
    const cut = compress(likeV2(2)).subarray(0, 40)
    await using server = await scriptedServer([
      { frames: [compress(likeV2(1)), cut, compress(likeV2(3)), likeV2(4), compress(likeV2(5))] },
    ])
    server.dictionary = DICTIONARY
    const heard = hear()
    const { events: got } = await collect(
      optionsWith({ hosts: [server.url], compression: 'zstd', observer: heard.observer }),
      events(4),
    )
    assert.deepEqual(
      got,
      [1, 3, 4, 5].map((n) => likeEvent(n)),
    )
    assert.deepEqual(heard.malformed, ['zstd'])
  })

  test('a retired dictionary is fetched anew, once; refused again, it goes on without', async () => {
    const unknown = { status: 400, body: { error: 'UnknownZstdDictionary', message: 'it is 8' } }
    await using server = await scriptedServer([unknown, unknown, { frames: [likeV2(1)] }])
    server.dictionary = DICTIONARY
    const heard = hear()
    await collect(
      optionsWith({ hosts: [server.url], compression: 'zstd', observer: heard.observer }),
      events(1),
    )
    assert.equal(server.dictionaryRequests, 2)
    assert.deepEqual(
      server.attempts.map(({ query }) => query.get('zstdDictionary')),
      ['7', '7', null],
    )
    assert.deepEqual(heard.uncompressed, ['it is 8'])
    assert.deepEqual(heard.waits, [])
  })

  test('a dictionary may be retired again, once the one that replaced it has served', async () => {
    const unknown = { status: 400, body: { error: 'UnknownZstdDictionary', message: 'it is 8' } }
    await using server = await scriptedServer([
      unknown,
      { frames: [compress(likeV2(1))], close: 'cut' },
      unknown,
      { frames: [compress(likeV2(2))] },
    ])
    server.dictionary = DICTIONARY
    const heard = hear()
    await collect(
      optionsWith({ hosts: [server.url], compression: 'zstd', observer: heard.observer }),
      events(2),
    )
    assert.equal(server.dictionaryRequests, 3)
    assert.deepEqual(heard.uncompressed, [])
  })

  test('frames of another dictionary than agreed on end in plain ones, not in a loop', async () => {
    await using server = await scriptedServer([
      (socket, { query }) => {
        socket.send(query.has('zstdDictionary') ? compress(likeV2(1), makeDictionary(8)) : likeV2(1))
      },
    ])
    server.dictionary = DICTIONARY
    const { events: got } = await collect(
      optionsWith({ hosts: [server.url], compression: 'zstd' }),
      (collected) => collected.events.length > 0 || server.attempts.length > 10,
    )
    assert.deepEqual(got, [likeEvent(1)])
    assert.equal(server.attempts.length, 3)
  })

  test('without a dictionary it goes on uncompressed, and says so once it is connected', async () => {
    await using server = await scriptedServer([{ frames: [likeV2(1)] }])
    const heard = hear()
    await collect(
      optionsWith({ hosts: [server.url], compression: 'zstd', observer: heard.observer }),
      events(1),
    )
    assert.equal(heard.connected[0]?.compressed, false)
    assert.match(heard.uncompressed.join(), /getZstdDictionary answered 404/)
  })

  test('a host that answers compression with 400 is asked without it at once', async () => {
    await using server = await scriptedServer([
      { status: 400, body: 'no zstd here' },
      { frames: [likeV1(1)] },
    ])
    await collect(
      optionsWith({ hosts: [`${server.url}/subscribe`], compression: 'zstd', userDictionary: DICTIONARY }),
      events(1),
    )
    assert.deepEqual(
      server.attempts.map(({ query }) => query.get('compress')),
      ['true', null],
    )
  })
})
