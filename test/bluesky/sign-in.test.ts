import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SignIn, SignInError, type SignInOptions } from '../../src/bluesky/sign-in.ts'
import { never, serve } from './local-server.ts'

const ALICE = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'

function signIn(options: Partial<SignInOptions> = {}): SignIn {
  let key: string | undefined
  return new SignIn({
    publicUrl: undefined,
    plcUrl: 'http://127.0.0.1:1',
    resolve: async () => undefined,
    pending: { keep: async () => {}, take: async () => undefined },
    key: async (make) => {
      key ??= await make()
      return key
    },
    ...options,
  })
}

function begin(by: SignIn, name: Parameters<SignIn['begin']>[0] = ALICE): Promise<URL> {
  return by.begin(name, { address: 'http://127.0.0.1:8000', browser: 'a', signal: never() })
}

test('this server is known by its public address, or on its own machine by a loopback one', () => {
  const cases: [publicUrl: string | undefined, host: string, address: string | undefined][] = [
    [undefined, '127.0.0.1:8000', 'http://127.0.0.1:8000'],
    [undefined, 'localhost:8000', 'http://127.0.0.1:8000'],
    [undefined, 'localhost', 'http://127.0.0.1'],
    [undefined, '[::1]:8000', 'http://[::1]:8000'],
    [undefined, '10.0.0.1:8000', undefined],
    [undefined, 'rpg.example', undefined],
    [undefined, '127.0.0.1.rpg.example', undefined],
    [undefined, 'user@127.0.0.1:8000', 'http://127.0.0.1:8000'],
    [undefined, '', undefined],
    ['https://rpg.example', 'rpg.example', 'https://rpg.example'],
    ['https://rpg.example', '127.0.0.1:8000', 'https://rpg.example'],
    ['https://rpg.example/game', 'rpg.example', 'https://rpg.example/game'],
    ['http://rpg.example', 'rpg.example', undefined],
    ['http://localhost:8000', 'rpg.example', 'http://127.0.0.1:8000'],
  ]
  for (const [publicUrl, host, address] of cases)
    assert.equal(signIn({ publicUrl }).addressFor(host), address, `${publicUrl} ${host}`)
})

test('a public server says who it is, asks for nothing but who somebody is, and shows its public key alone', async () => {
  const published = (await signIn({ publicUrl: 'https://rpg.bsky.dev' }).published()) ?? assert.fail()
  const { client_id, redirect_uris, scope, jwks_uri, token_endpoint_auth_method, dpop_bound_access_tokens } =
    published.metadata as Record<string, unknown>
  assert.deepEqual(
    [client_id, redirect_uris, scope, jwks_uri, token_endpoint_auth_method, dpop_bound_access_tokens],
    [
      'https://rpg.bsky.dev/oauth/client-metadata.json',
      ['https://rpg.bsky.dev/oauth/callback'],
      'atproto',
      'https://rpg.bsky.dev/oauth/jwks.json',
      'private_key_jwt',
      true,
    ],
  )
  const { keys } = published.keys as { keys: Record<string, unknown>[] }
  assert.deepEqual(
    keys.map(({ kty, crv, d }) => [kty, crv, d]),
    [['EC', 'P-256', undefined]],
  )
  assert.equal(await signIn().published(), undefined)
})

test('the key is made once', async () => {
  let made = 0
  const stored = new Map<string, string>()
  const key: SignInOptions['key'] = async (make) => {
    if (!stored.has('key')) stored.set('key', await make().finally(() => made++))
    return stored.get('key') ?? ''
  }
  const first = await signIn({ publicUrl: 'https://rpg.bsky.dev', key }).published()
  const second = await signIn({ publicUrl: 'https://rpg.bsky.dev', key }).published()
  assert.deepEqual([first?.keys, made], [second?.keys, 1])
})

test('who is not known, and whose server does not answer or is not public, cannot sign in', async () => {
  const failure = async (promise: Promise<unknown>): Promise<string> => {
    const error = await promise.then(
      () => assert.fail('they could'),
      (error: unknown) => error,
    )
    assert.ok(error instanceof SignInError)
    return `${error.failure}: ${error.message}`
  }
  assert.match(await failure(begin(signIn(), 'nobody.example')), /^unknown/)
  await using plc = await serve((url) => {
    if (!url.pathname.endsWith(ALICE)) return { status: 404, json: {} }
    const serviceEndpoint = `${url.origin}/`
    return { json: { service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint }] } }
  })
  assert.match(await failure(begin(signIn({ plcUrl: plc.url }))), /^unavailable: .*404/)
  // To a directory elsewhere, a server on this machine is none.
  const elsewhere = signIn({ plcUrl: 'https://plc.example' })
  assert.match(await failure(begin(elsewhere, 'did:web:127.0.0.1')), /^unavailable: .*not a public address/)
  assert.match(await failure(begin(elsewhere, 'did:web:localhost')), /^unavailable: .*not a public address/)
})

test('a way back that nobody is known to be on has expired, and a refusal is one', async () => {
  const finish = (by: SignIn, query: string) => by.finish(new URLSearchParams(query), 'http://127.0.0.1:8000')
  const failure = async (promise: Promise<unknown>) => {
    await assert.rejects(promise, SignInError)
    return promise.catch((error: SignInError) => error.failure)
  }
  assert.equal(await failure(finish(signIn(), '')), 'expired')
  assert.equal(await failure(finish(signIn(), 'state=a&code=b&iss=c')), 'expired')
  const waiting = signIn({
    pending: { keep: async () => {}, take: async () => JSON.stringify({ expiresAt: 0 }) },
  })
  assert.equal(await failure(finish(waiting, 'state=a&error=access_denied')), 'denied')
})
