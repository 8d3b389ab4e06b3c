import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { documentedMetrics, measuredMetrics } from '../documented-metrics.ts'
import { until } from '../e2e/harness.ts'
import { alice, bob, build, nobody, profile } from './harness.ts'

/** A server that Alice and Bob are on. */
async function served() {
  const server = await build()
  server.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 70, reason: 'post.alt' })
  server.ledger.join(bob, profile('bob.example', { displayName: 'Bob' })).earn(bob, { delta: 400 })
  return server
}

suite('what the API measures', () => {
  test('has the names and labels that the docs tell', async () => {
    await using server = await served()
    await server.get(`/v1/characters/${alice}`)
    const labels = await measuredMetrics(server.registry)
    const inDocs = documentedMetrics('Of the API')
    assert.deepEqual([...labels.keys()].sort(), [...inDocs.keys()].sort())
    for (const [name, of] of labels) assert.deepEqual(of, inDocs.get(name), name)
  })

  test('counts requests by route and code, and names nobody whom they ask for', async () => {
    await using server = await served()
    await server.get(`/v1/characters/${alice}`)
    await server.get(`/v1/characters/${bob}`)
    await server.get(`/v1/characters/${nobody}`)
    for (let n = 0; n < 30; n++) await server.get(`/no/such/address/${n}`)
    await server.app.inject({ method: 'PUT', url: '/v1/stats' })
    const text = await server.registry.metrics()
    const counted = (route: string, code: number) =>
      Number(
        new RegExp(`^bsky_rpg_http_requests_total\\{route="${route}",code="${code}"\\} (\\d+)$`, 'm').exec(
          text,
        )?.[1] ?? 0,
      )
    assert.equal(counted('/v1/characters/:actor', 200), 2)
    assert.equal(counted('/v1/characters/:actor', 404), 1)
    assert.equal(counted('none', 404), 30)
    assert.match(text, /^bsky_rpg_http_request_seconds_count\{route="\/v1\/characters\/:actor"\} 3$/m)
    assert.match(text, /^bsky_rpg_query_seconds_count\{query="character"\} [1-9]/m)
    assert.doesNotMatch(text, /did:|alice|no\/such/)
  })

  test('tells requests that a limit of its own refused from those that failed', async () => {
    await using server = await served()
    await Promise.all(Array.from({ length: 300 }, () => server.get('/v1/events?after=0&limit=1')))
    server.ledger.failure = new Error('locked')
    await server.get('/v1/events')
    const unavailable = (await server.registry.metrics()).matchAll(
      /^bsky_rpg_http_requests_total\{route="\/v1\/events",code="503"(.*)\} (\d+)$/gm,
    )
    assert.deepEqual([...unavailable].map(([, limit, n]) => [limit, n]).sort(), [
      ['', '1'],
      [',limit="yes"', '100'],
    ])
  })

  test('counts the clients of the stream while they are there, and does not take the time of an endless answer', async () => {
    await using server = await served()
    const url = await server.app.listen({ port: 0, host: '127.0.0.1' })
    const clients = async () =>
      Number(/^bsky_rpg_sse_clients (\d+)$/m.exec(await server.registry.metrics())?.[1])
    assert.equal(await clients(), 0)
    const leave = new AbortController()
    const response = await fetch(`${url}/v1/stream`, { signal: leave.signal })
    await response.body?.getReader().read()
    assert.equal(await clients(), 1)
    leave.abort()
    await until('the client is gone', async () => (await clients()) === 0)
    await server.app.close()
    const text = await server.registry.metrics()
    assert.match(text, /^bsky_rpg_http_requests_total\{route="\/v1\/stream",code="200"\} 1$/m)
    assert.doesNotMatch(text, /request_seconds_\w+\{[^}]*route="\/v1\/stream"/)
  })

  test('has the levels of characters by band, and forgets bands that nobody is in any more', async () => {
    await using server = await served()
    const bands = async () =>
      [...(await server.registry.metrics()).matchAll(/^bsky_rpg_characters_by_level\{(.*)\} (\d+)$/gm)].map(
        ([, labels, n]) => [labels, Number(n)],
      )
    assert.deepEqual(await bands(), [
      ['from="1",to="1"', 1],
      ['from="4",to="4"', 1],
    ])
    server.ledger.earn(bob, { delta: 2_000 })
    server.time.now += 61_000_000
    // The first scrape after their time begins a refresh.
    await until('it has been', async () => (await bands()).every(([labels]) => labels !== 'from="4",to="4"'))
    assert.deepEqual(await bands(), [
      ['from="1",to="1"', 1],
      ['from="20",to="29"', 1],
    ])
  })

  test('has no levels where there are no leaderboards', async () => {
    await using server = await build({ settings: { boards: 'off' } })
    server.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 70 })
    assert.doesNotMatch(await server.registry.metrics(), /^bsky_rpg_characters_by_level/m)
  })
})
