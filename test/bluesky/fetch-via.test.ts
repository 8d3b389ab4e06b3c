import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fetchVia } from '../../src/bluesky/fetch-via.ts'
import { openPublicUrl, openTrustedUrl } from '../../src/bluesky/open-url.ts'
import { serve } from './local-server.ts'

const LIMITS = { timeoutMs: 5_000, maxBytes: 1_000 }

test('a request goes out with its method, headers and body, and its answer comes back', async () => {
  await using server = await serve((url) => (response, request) => {
    request.setEncoding('utf8')
    let body = ''
    request.on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      response.writeHead(url.pathname === '/none' ? 204 : 418, { 'dpop-nonce': 'n' })
      response.end(
        url.pathname === '/none' ? '' : JSON.stringify([request.method, request.headers['x-a'], body]),
      )
    })
  })
  const fetch = fetchVia({ open: openTrustedUrl, ...LIMITS })
  const init = { method: 'POST', headers: { 'x-a': 'b' }, body: new URLSearchParams({ c: 'ü' }) }
  for (const answer of [
    await fetch(`${server.url}/some`, init),
    await fetch(new Request(`${server.url}/some`, init)),
  ]) {
    assert.deepEqual([answer.status, answer.headers.get('dpop-nonce')], [418, 'n'])
    assert.deepEqual(await answer.json(), ['POST', 'b', 'c=%C3%BC'])
  }
  assert.deepEqual(await (await fetch(new URL(`${server.url}/some`))).json(), ['GET', null, ''])
  assert.equal((await fetch(`${server.url}/none`, init)).status, 204)
})

test('no redirect is followed, and nothing longer than the limit is read', async () => {
  await using server = await serve((url) =>
    url.pathname === '/long'
      ? { body: 'x'.repeat(1_001) }
      : { status: 302, headers: { location: `http://${url.host}/long` }, body: '' },
  )
  const fetch = fetchVia({ open: openTrustedUrl, ...LIMITS })
  assert.equal((await fetch(server.url)).status, 302)
  assert.equal(server.asked.length, 1)
  await assert.rejects(fetch(`${server.url}/long`), /longer than 1000 bytes/)
})

test('an answer that does not come is waited for no longer than the limit, or than the caller waits', async () => {
  await using server = await serve(() => () => {})
  const slow = fetchVia({ open: openTrustedUrl, ...LIMITS, timeoutMs: 50 })
  await assert.rejects(slow(server.url), /aborted|timeout/i)
  const fetch = fetchVia({ open: openTrustedUrl, ...LIMITS })
  await assert.rejects(fetch(server.url, { signal: AbortSignal.timeout(50) }), /aborted|timeout/i)
})

test('an address of a stranger is connected to only where it is public', async () => {
  await using server = await serve(() => ({ json: {} }))
  const fetch = fetchVia({ open: openPublicUrl, ...LIMITS })
  for (const address of [server.url, 'https://127.0.0.1/', 'https://10.0.0.1/token', 'https://localhost/']) {
    await assert.rejects(fetch(address, { method: 'POST' }), /not a plain https address|not a public address/)
  }
  assert.equal(server.asked.length, 0)
})
