import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Did } from '@atcute/lexicons/syntax'
import { builtInRoutes } from '../../src/api/routes/index.ts'
import { alice, build, SECOND } from './harness.ts'

test('a compressed body is refused, however small', async () => {
  await using server = await build()
  const body = `{"actors":["${alice}"]}`
  const send = (encoding: string, payload: string | Buffer) =>
    server.app.inject({
      method: 'POST',
      url: '/v1/characters/batch',
      payload,
      headers: { 'content-type': 'application/json', 'content-encoding': encoding },
    })
  for (const encoding of ['gzip', 'br', 'deflate', 'x-gzip', 'identity, gzip']) {
    const answer = await send(encoding, gzipSync(body))
    assert.equal(answer.statusCode, 415, encoding)
    assert.match(answer.json().detail, /expected a body that is not compressed/)
    assert.equal(answer.headers['access-control-allow-origin'], '*')
  }
  assert.equal((await send('identity', body)).statusCode, 200)
})

test('a whole request has thirty seconds to come, and its headers ten', async () => {
  await using server = await build()
  const { headersTimeout, requestTimeout } = server.app.server
  assert.deepEqual([headersTimeout, requestTimeout], [10_000, 30_000])
})

for (const [what, sent] of [
  ['head', 'GET /v1/stats HTTP/1.1\r\nHost: x\r\n'],
  [
    'body',
    'POST /v1/characters/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  ],
] as const) {
  test(`a connection on which half a ${what} comes is closed after the time limit`, async () => {
    await using server = await build({}, builtInRoutes, { requestMs: 100, headersMs: 50, checkEveryMs: 20 })
    await server.app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = server.app.server.address() as AddressInfo
    const socket = connect(port, '127.0.0.1')
    try {
      socket.setEncoding('utf8').write(sent)
      const answer: string[] = []
      socket.on('data', (piece: string) => answer.push(piece))
      // Without checks of its own the server would look after half a minute.
      await once(socket, 'close', { signal: AbortSignal.timeout(10_000) })
      assert.match(answer.join(''), /^HTTP\/1\.1 408 .*"detail":"The request did not arrive in time\."/s)
    } finally {
      socket.destroy()
    }
  })
}

for (const [what, sent] of [
  [
    'a body that is none after its refusal',
    'POST /v1/rules HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
  ],
  ['what is no request while an answer goes on', 'GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\nHELLO\r\n\r\n'],
  [
    'what is no request behind one that waits for its turn',
    'GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\nHELLO\r\n\r\n',
  ],
] as const) {
  test(`a connection with ${what} is closed without a second answer`, async () => {
    await using server = await build()
    await server.app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = server.app.server.address() as AddressInfo
    const socket = connect(port, '127.0.0.1').setEncoding('utf8')
    let answer = ''
    socket.on('data', (piece) => {
      answer += piece
    })
    const [head = '', ...rest] = sent.split(/(?<=\r\n\r\n)/)
    socket.write(head)
    // The answer begins before the rest comes.
    await once(socket, 'data')
    socket.write(rest.join(''))
    await once(socket, 'close')
    assert.equal(answer.split('HTTP/1.1 ').length - 1, 1, answer)
  })
}

test('headers that are too long are refused for what they are', async () => {
  await using server = await build()
  await server.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = server.app.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  socket
    .setEncoding('utf8')
    .write(`GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: ${'"a",'.repeat(5_000)}\r\n\r\n`)
  let text = ''
  socket.on('data', (piece) => {
    text += piece
  })
  await once(socket, 'close')
  assert.match(text, /^HTTP\/1\.1 431 .*"detail":"All headers together are longer than 16 KiB\."/s)
})

test('going through everybody has few of them looked up, and goes on later', async () => {
  await using server = await build()
  const dids = Array.from({ length: 2_000 }, (_, n) => `did:plc:${n.toString().padStart(24, 'a')}` as Did)
  for (const did of dids) server.ledger.join(did).earn(did, { delta: 10 })
  const walk = async () => {
    for (let at = 0; at < dids.length; at += 100) {
      const answer = await server.get(`/v1/characters?actors=${dids.slice(at, at + 100)}`)
      assert.equal(answer.statusCode, 200)
    }
  }
  await walk()
  assert.equal(server.ledger.wishes.length, 1_200)
  await walk()
  assert.equal(server.ledger.wishes.length, 1_200)
  server.time.now += 10 * SECOND
  await walk()
  assert.equal(server.ledger.wishes.length, 1_400)
  assert.equal(new Set(server.ledger.wishes.map(({ did }) => did)).size, 1_400)
})
