import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { P256PrivateKeyExportable, Secp256k1PrivateKeyExportable, verifySig } from '@atcute/crypto'
import type { Did } from '@atcute/lexicons/syntax'
import { findIdentity, findPds } from '../../src/bluesky/identity.ts'
import { openTrustedUrl } from '../../src/bluesky/open-url.ts'
import { publicUrl } from '../../src/bluesky/public-address.ts'
import { type OpenUrl, RequestError } from '../../src/bluesky/request.ts'
import { type LocalServer, never, type Reply, serve } from './local-server.ts'
import { KEY, VERIFICATION_METHOD } from './repository/made-repository.ts'

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

/**
 * The whole network in one server: requests for `https://host/path` come to it as `/host/path`, both those to the directory
 * and those to strangers' servers.
 */
async function network(t: TestContext, reply: (url: URL) => Reply) {
  const server = await serve(reply)
  const { fetch } = globalThis
  const here = (address: string) => {
    const { host, pathname, search } = new URL(address)
    return `${server.url}/${host}${pathname}${search}`
  }
  t.mock.method(globalThis, 'fetch', (address: string, options: RequestInit) => fetch(here(address), options))
  const open: OpenUrl = async (url, options) => {
    publicUrl(url)
    return openTrustedUrl(here(url), options)
  }
  t.after(() => t.mock.reset())
  return { ...server, find: (did: Did) => findPds(did, { plcUrl: PLC, signal: never(), open }) }
}

const pathsOf = ({ asked }: Pick<LocalServer, 'asked'>) => asked.map(({ pathname }) => pathname)

suite('where a repository is', () => {
  test('is in the document that the directory has', async (t) => {
    await using server = await network(t, () => documentWith('https://pds.example/', `${ALICE}#atproto_pds`))
    assert.equal((await server.find(ALICE)).href, 'https://pds.example/')
    assert.deepEqual(pathsOf(server), [`/plc.example/${ALICE}`])
  })

  test('is in the document on their own host for those who have one', async (t) => {
    await using server = await network(t, () => documentWith('https://pds.example'))
    assert.equal((await server.find('did:web:alice.example')).href, 'https://pds.example/')
    assert.deepEqual(pathsOf(server), ['/alice.example/.well-known/did.json'])
  })

  test('is a host, whatever path the document names', async (t) => {
    for (const path of ['/a?b=', '#', '/xrpc/', '\\@127.0.0.1']) {
      await using server = await network(t, () => documentWith(`https://pds.example${path}`))
      assert.equal((await server.find(ALICE)).href, 'https://pds.example/')
      t.mock.reset()
    }
  })

  for (const did of [
    'did:web:alice.example%3A8443',
    'did:web:alice.example%3A22',
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
      await assert.rejects(server.find(did), RequestError)
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
    'https://localhost',
    'https://localhost.',
    'https://pds',
    'https://pds.internal',
    'https://pds.example:22',
    'https://pds.example:8443',
    'https://①②⑦.⓪.⓪.①',
    'https://',
    'pds.example',
    '',
  ]) {
    test(`is not at ${JSON.stringify(endpoint)}, whatever the document says`, async (t) => {
      await using server = await network(t, () => documentWith(endpoint))
      await assert.rejects(server.find(ALICE), RequestError)
      await assert.rejects(server.find('did:web:alice.example'), RequestError)
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
      await using server = await network(t, () => ({ json }))
      await assert.rejects(server.find(ALICE), /names no repository server/)
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
      await assert.rejects(server.find(ALICE), RequestError)
      assert.equal(server.asked.length, 1)
      t.mock.reset()
    }
  })

  test('is anywhere on this machine where the directory is, which has everybody', async () => {
    await using server = await serve(() => documentWith('http://127.0.0.1:9/'))
    for (const did of [ALICE, 'did:web:alice.example'] as const) {
      const found = await findPds(did, { plcUrl: server.url, signal: never() })
      assert.equal(found.href, 'http://127.0.0.1:9/')
    }
    assert.deepEqual(pathsOf(server), [`/${ALICE}`, '/did:web:alice.example'])
  })
})

suite('the key that signs a repository', () => {
  const service = documentWith('http://127.0.0.1:9').json.service
  const find = async (verificationMethod: unknown) => {
    await using server = await serve(() => ({ json: { service, verificationMethod } }))
    return await findIdentity(ALICE, { plcUrl: server.url, signal: never() })
  }

  test('is the first of their document that the protocol names', async () => {
    const other = { ...VERIFICATION_METHOD[0], id: `${ALICE}#atproto_label` }
    const { pds, key } = await find([other, ...VERIFICATION_METHOD, { id: '#atproto', type: 'x' }])
    assert.equal(pds.href, 'http://127.0.0.1:9/')
    assert.deepEqual(key, KEY)
  })

  test('may be of either curve', async () => {
    const key = await (await Secp256k1PrivateKeyExportable.createKeypair()).exportPublicKey('multikey')
    const found = await find([{ id: '#atproto', type: 'Multikey', publicKeyMultibase: key }])
    assert.equal(found.key.type, 'secp256k1')
  })

  test('is read from documents of the earlier form, too, which have both coordinates of it', async () => {
    for (const [curve, type] of [
      [Secp256k1PrivateKeyExportable, 'EcdsaSecp256k1VerificationKey2019'],
      [P256PrivateKeyExportable, 'EcdsaSecp256r1VerificationKey2019'],
    ] as const) {
      // Some have an even second coordinate, the others an odd one.
      for (let n = 0; n < 8; n++) {
        const pair = await curve.createKeypair()
        const { x = '', y = '' } = await pair.exportPublicKey('jwk')
        const point = [Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]
        const publicKeyMultibase = `z${base58(Buffer.concat(point))}`
        const { key } = await find([{ id: '#atproto', type, publicKeyMultibase }])
        assert.deepEqual(Buffer.from(key.publicKeyBytes), Buffer.from(await pair.exportPublicKey('raw')))
        const data = Uint8Array.of(1, 2, 3)
        assert.ok(await verifySig(key, await pair.sign(data), data))
      }
    }
  })

  test('is missed where the document has none that can be read', async () => {
    const [method] = VERIFICATION_METHOD
    for (const list of [
      undefined,
      [],
      {},
      [null, 7],
      [{ ...method, id: '#atproto_label' }],
      [{ ...method, publicKeyMultibase: undefined }],
    ]) {
      await assert.rejects(find(list), /names no key that signs/)
    }
    for (const changed of [
      { publicKeyMultibase: 'z' },
      { publicKeyMultibase: 'zzzz' },
      { type: 'Rsa2048' },
    ]) {
      await assert.rejects(find([{ ...method, ...changed }]), /a signing key of an unknown kind/)
    }
  })
})

/** Base58 of bytes that do not begin with 0, in Bitcoin's alphabet. */
function base58(bytes: Buffer): string {
  let text = ''
  for (let rest = BigInt(`0x${bytes.toString('hex')}`); rest > 0n; rest /= 58n) {
    text = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'.charAt(Number(rest % 58n)) + text
  }
  return text
}
