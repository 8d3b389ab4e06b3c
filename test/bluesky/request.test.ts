import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { fetchBytes, fetchJson, RequestError, waitOf } from '../../src/bluesky/request.ts'
import { never, type Reply, serve } from './local-server.ts'

const NOW = 1_770_000_000_000

function limits(more: Partial<Parameters<typeof fetchBytes>[1]> = {}) {
  return { timeoutMs: 5_000, maxBytes: 1_000, signal: never(), ...more }
}

/** The result of a request to a server that answers `reply`. */
async function failure(reply: Reply, more: Parameters<typeof limits>[0] = {}): Promise<RequestError> {
  await using server = await serve(() => reply)
  try {
    await fetchJson(`${server.url}/it`, limits(more))
  } catch (error) {
    assert.ok(error instanceof RequestError, `${error}`)
    return error
  }
  assert.fail('expected a failure')
}

suite('what is fetched', () => {
  test('comes whole, however it was cut', async () => {
    await using server = await serve(() => (response) => {
      response.write('{"a":')
      setTimeout(() => response.end('"ü"}'), 5)
    })
    assert.deepEqual(await fetchJson(server.url, limits()), { a: 'ü' })
    assert.equal(server.headers[0]?.['user-agent'], 'bsky-rpg')
  })

  test('may be just as long as is taken, and no byte longer', async () => {
    await using server = await serve(({ pathname }) => ({ body: 'x'.repeat(Number(pathname.slice(1))) }))
    assert.equal((await fetchBytes(`${server.url}/1000`, limits())).length, 1_000)
    await assert.rejects(fetchBytes(`${server.url}/1001`, limits()), /longer than 1000 bytes/)
  })

  test('is refused while it still comes where it has no end', async () => {
    let ended = false
    await using server = await serve(() => (response) => {
      const more = (): void => {
        if (!ended) response.write('x'.repeat(500), () => setImmediate(more))
      }
      response.on('close', () => {
        ended = true
      })
      more()
    })
    await assert.rejects(fetchBytes(server.url, limits()), RequestError)
    for (let n = 0; n < 100 && !ended; n++) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.ok(ended, 'the connection is closed')
  })
})

suite('a failure', () => {
  test('names the host, the status and the error of XRPC', async () => {
    const error = await failure({ status: 400, json: { error: 'RepoNotFound', message: 'no' } })
    assert.match(error.message, /^127\.0\.0\.1:\d+ answered 400$/)
    assert.deepEqual([error.status, error.error, error.waitMs], [400, 'RepoNotFound', undefined])
  })

  for (const [name, body] of [
    ['a page', '<html>502</html>'],
    ['nothing', ''],
    ['null', 'null'],
    ['a number for a name', '{"error":7}'],
  ]) {
    test(`may come with ${name} instead of an error`, async () => {
      const error = await failure({ status: 502, body: body ?? '' })
      assert.deepEqual([error.status, error.error, error.waitMs], [502, undefined, undefined])
    })
  }

  test('is what JSON that is none makes', async () => {
    for (const body of ['{"a":', '<html>', '']) {
      const error = await failure({ body })
      assert.match(error.message, /something other than JSON/)
      assert.equal(error.status, undefined)
    }
  })

  test('is what a server makes that never begins, or never ends', { timeout: 5_000 }, async () => {
    for (const reply of [() => {}, (response: { write(text: string): void }) => response.write('{')]) {
      const error = await failure(reply, { timeoutMs: 30 })
      assert.match(error.message, /cannot be reached: .*timeout/)
    }
  })

  test('is what a line that is cut makes, before the answer or within', async () => {
    for (const sent of ['', '{"a"']) {
      await failure((response) => {
        response.writeHead(200, { 'content-length': '100' })
        response.write(sent, () => response.destroy())
        if (sent === '') response.destroy()
      })
    }
  })

  test('is what a host makes that is not there', async () => {
    const { url, ...server } = await serve(() => ({}))
    await server[Symbol.asyncDispose]()
    await assert.rejects(fetchBytes(url, limits()), { name: 'RequestError', message: /ECONNREFUSED/ })
  })

  test('is what an address makes that is none', async () => {
    for (const url of ['https://pds.example /xrpc', 'nonsense', '']) {
      await assert.rejects(fetchBytes(url, limits()), RequestError)
    }
  })

  test('is what a redirect makes, which is not followed', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      await using server = await serve(({ pathname }) =>
        pathname === '/it' ? { status, headers: { location: '/elsewhere' } } : { json: 'followed' },
      )
      await assert.rejects(fetchJson(`${server.url}/it`, limits()), RequestError)
      assert.deepEqual(
        server.asked.map(({ pathname }) => pathname),
        ['/it'],
      )
    }
  })

  test('is not what an abort is', async () => {
    const end = new AbortController()
    await using server = await serve(() => () => end.abort())
    await assert.rejects(fetchBytes(server.url, limits({ signal: end.signal })), { name: 'AbortError' })
  })
})

suite('how long a server wants to be left alone', () => {
  const table: [Record<string, string>, number][] = [
    [{ 'retry-after': '7' }, 7_000],
    [{ 'ratelimit-reset': String(NOW / 1_000 + 20) }, 20_000],
    [{ 'ratelimit-reset': String(NOW / 1_000 + 20), 'retry-after': '7' }, 20_000],
    [{ 'ratelimit-reset': String(NOW / 1_000 - 20) }, 1_000],
    // By the server's own clock, where it says what that is: ours may be an hour behind.
    [
      { 'ratelimit-reset': String(NOW / 1_000 + 3_620), date: new Date(NOW + 3_600_000).toUTCString() },
      20_000,
    ],
    [{ 'ratelimit-reset': String(NOW / 1_000 + 20), date: 'yesterday' }, 20_000],
    [{ 'retry-after': '0.1' }, 1_000],
    [{ 'retry-after': '86400' }, 900_000],
    [{ 'retry-after': '1e999' }, 900_000],
    [{ 'retry-after': '-5' }, 60_000],
    [{ 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }, 60_000],
    [{ 'ratelimit-reset': 'soon', 'retry-after': '7' }, 7_000],
    [{}, 60_000],
  ]
  for (const [headers, ms] of table) {
    test(`${JSON.stringify(headers)}: ${ms} ms`, () => {
      assert.equal(waitOf(new Headers(headers), NOW), ms)
    })
  }

  test('is never nothing and never more than a quarter of an hour, whatever it says', () => {
    const said = fc.oneof(fc.double().map(String), fc.integer().map(String), fc.constantFrom('', 'NaN', 'x'))
    fc.assert(
      fc.property(said, said, (reset, after) => {
        const ms = waitOf(new Headers({ 'ratelimit-reset': reset, 'retry-after': after }), NOW)
        assert.ok(ms >= 1_000 && ms <= 900_000, String(ms))
      }),
    )
  })

  test('is asked of a 429 alone', async () => {
    const headers = { 'retry-after': '7' }
    assert.equal((await failure({ status: 429, headers })).waitMs, 7_000)
    assert.equal((await failure({ status: 503, headers })).waitMs, undefined)
  })
})
