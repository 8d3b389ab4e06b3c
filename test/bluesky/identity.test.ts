import assert from 'node:assert/strict'
import dns from 'node:dns/promises'
import { syncBuiltinESMExports } from 'node:module'
import { suite, type TestContext, test } from 'node:test'
import type { Did } from '@atcute/lexicons/syntax'
import { findPds, isPrivate } from '../../src/bluesky/identity.ts'
import { RequestError } from '../../src/bluesky/request.ts'
import { type LocalServer, never, type Reply, serve } from './local-server.ts'

const PLC = 'https://plc.example'
const ALICE: Did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const documentWith = (serviceEndpoint: unknown, id = '#atproto_pds') => {
  return {
    json: {
      service: [
        { id: '#other', serviceEndpoint: 'https://other.example' },
        { id, serviceEndpoint },
      ],
    },
  }
}

/** Where names lead in these tests; others lead nowhere. */
const ADDRESSES: Readonly<Record<string, string[]>> = {
  'pds.example': ['203.0.113.7', '2001:db8::7'],
  'alice.example': ['203.0.113.8'],
  'inside.example': ['10.1.2.3'],
  'half-inside.example': ['203.0.113.7', '::ffff:127.0.0.1'],
}

/**
 * The whole network in one server: it is asked `/host/path` for what would be asked of `https://host/path`, and names
 * are looked up in `ADDRESSES`.
 */
async function network(t: TestContext, reply: (url: URL) => Reply): Promise<LocalServer> {
  const server = await serve(reply)
  const { fetch } = globalThis
  t.mock.method(globalThis, 'fetch', (address: string, options: RequestInit) => {
    const { host, pathname, search } = new URL(address)
    return fetch(`${server.url}/${host}${pathname}${search}`, options)
  })
  t.mock.method(dns, 'lookup', async (name: string) => {
    const found = ADDRESSES[name]
    if (found === undefined) throw new Error(`getaddrinfo ENOTFOUND ${name}`)
    return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  })
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.reset()
    syncBuiltinESMExports()
  })
  return server
}

const pathsOf = ({ asked }: LocalServer) => asked.map(({ pathname }) => pathname)

suite('where a repository is', () => {
  test('is in the document that the directory has', async (t) => {
    await using server = await network(t, () => documentWith('https://pds.example/', `${ALICE}#atproto_pds`))
    assert.equal(await findPds(ALICE, PLC, never()), 'https://pds.example')
    assert.deepEqual(pathsOf(server), [`/plc.example/${ALICE}`])
  })

  test('is in the document on their own host for those who have one', async (t) => {
    await using server = await network(t, () => documentWith('https://pds.example'))
    assert.equal(await findPds('did:web:alice.example', PLC, never()), 'https://pds.example')
    assert.equal(await findPds('did:web:alice.example%3A8443', PLC, never()), 'https://pds.example')
    assert.deepEqual(pathsOf(server), [
      '/alice.example/.well-known/did.json',
      '/alice.example:8443/.well-known/did.json',
    ])
  })

  for (const did of [
    'did:web:inside.example',
    'did:web:half-inside.example',
    'did:web:nowhere.example',
    'did:web:127.0.0.1',
    'did:web:127.1',
    'did:web:2130706433',
    'did:web:localhost%3A8000',
    'did:web:%5B%3A%3A1%5D',
    'did:web:%zz',
    'did:web:alice.example%2Felsewhere',
    'did:web:alice.example%3Felsewhere',
    'did:web:alice.example%40pds.example',
    'did:web:alice.example:path:to',
    'did:web:.',
  ] as const) {
    test(`is not looked for at ${did}`, async (t) => {
      await using server = await network(t, () => documentWith('https://pds.example'))
      await assert.rejects(findPds(did, PLC, never()), RequestError)
      assert.deepEqual(pathsOf(server), [])
    })
  }

  for (const endpoint of [
    'http://pds.example',
    'ftp://pds.example',
    'file:///etc/passwd',
    'https://name:word@pds.example',
    'https://name@pds.example',
    'https://10.1.2.3',
    'https://0x7f.1',
    'https://[::1]:8000',
    'https://[::ffff:7f00:1]',
    'https://169.254.169.254/latest',
    'https://inside.example',
    'https://half-inside.example',
    'https://nowhere.example',
    'https://',
    'pds.example',
    '',
  ]) {
    test(`is not at ${JSON.stringify(endpoint)}, whatever the document says`, async (t) => {
      await using _server = await network(t, () => documentWith(endpoint))
      await assert.rejects(findPds(ALICE, PLC, never()), RequestError)
      await assert.rejects(findPds('did:web:alice.example', PLC, never()), RequestError)
    })
  }

  test('cannot be told of a document without it', async (t) => {
    const documents = [
      null,
      [],
      'x',
      {},
      { service: {} },
      { service: [null, 7, {}] },
      documentWith('https://pds.example', '#atproto_labeler').json,
      documentWith({ uri: 'https://pds.example' }).json,
      documentWith(undefined).json,
    ]
    for (const json of documents) {
      await using _server = await network(t, () => ({ json }))
      await assert.rejects(findPds(ALICE, PLC, never()), /names no repository server/)
      t.mock.reset()
    }
  })

  test('cannot be told while the directory fails', async (t) => {
    const replies: Reply[] = [
      { status: 404, json: { message: 'not registered' } },
      { status: 410 },
      { status: 503 },
      { body: '<html>' },
      { body: ' '.repeat(2 ** 20 + 1) },
      { status: 302, headers: { location: 'http://127.0.0.1/' } },
    ]
    for (const reply of replies) {
      await using server = await network(t, () => reply)
      await assert.rejects(findPds(ALICE, PLC, never()), RequestError)
      assert.equal(server.asked.length, 1)
      t.mock.reset()
    }
  })

  test('is anywhere on this machine where the directory is, which has everybody', async () => {
    await using server = await serve(() => documentWith('http://127.0.0.1:9/'))
    for (const did of [ALICE, 'did:web:alice.example'] as const) {
      assert.equal(await findPds(did, server.url, never()), 'http://127.0.0.1:9')
    }
    assert.deepEqual(pathsOf(server), [`/${ALICE}`, '/did:web:alice.example'])
  })
})

suite('addresses that are not for everybody', () => {
  const edges: [last: string, first: string, end: string, after: string][] = [
    ['0.0.0.0', '0.0.0.0', '0.255.255.255', '1.0.0.0'],
    ['9.255.255.255', '10.0.0.0', '10.255.255.255', '11.0.0.0'],
    ['100.63.255.255', '100.64.0.0', '100.127.255.255', '100.128.0.0'],
    ['126.255.255.255', '127.0.0.0', '127.255.255.255', '128.0.0.0'],
    ['169.253.255.255', '169.254.0.0', '169.254.255.255', '169.255.0.0'],
    ['172.15.255.255', '172.16.0.0', '172.31.255.255', '172.32.0.0'],
    ['191.255.255.255', '192.0.0.0', '192.0.0.255', '192.0.1.0'],
    ['192.167.255.255', '192.168.0.0', '192.168.255.255', '192.169.0.0'],
    ['198.17.255.255', '198.18.0.0', '198.19.255.255', '198.20.0.0'],
    ['223.255.255.255', '224.0.0.0', '255.255.255.255', '255.255.255.255'],
  ]
  for (const [last, first, end, after] of edges) {
    test(`reach from ${first} to ${end}`, () => {
      for (const address of [first, end]) {
        assert.equal(isPrivate(address), true, address)
        assert.equal(isPrivate(`::ffff:${address}`), true, `::ffff:${address}`)
      }
      for (const address of [last, after].filter((edge) => edge !== first && edge !== end)) {
        assert.equal(isPrivate(address), false, address)
        assert.equal(isPrivate(`::ffff:${address}`), false, `::ffff:${address}`)
      }
    })
  }

  for (const [address, expected] of [
    ['::', true],
    ['::1', true],
    ['64:ff9b::10.0.0.1', true],
    ['fc00::1', true],
    ['fdff::1', true],
    ['fe80::1', true],
    ['febf::1', true],
    ['ff02::1', true],
    ['2001:4860::1', false],
    ['2606::1', false],
    ['fe00::1', false],
  ] as const) {
    test(`${expected ? 'are' : 'are not'} like ${address}`, () => {
      assert.equal(isPrivate(address), expected)
    })
  }
})
