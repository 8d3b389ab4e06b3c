// Sign-ins at a server that lies about who has signed in.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Did } from '../../src/atproto/event.ts'
import { SignIn, SignInError } from '../../src/bluesky/sign-in.ts'
import { type LocalServer, never, type Reply, serve } from './local-server.ts'

const ALICE: Did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const MALLORY: Did = 'did:plc:mmmmmmmmmmmmmmmmmmmmmmmm'
const ADDRESS = 'http://127.0.0.1:8000'

/** A personal data server that signs in whoever asks as `says().sub`. */
function server(says: () => { sub: Did }): Promise<LocalServer> {
  return serve((url): Reply => {
    const { origin, pathname } = url
    switch (pathname) {
      case '/.well-known/oauth-protected-resource':
        return json({ resource: origin, authorization_servers: [origin] })
      case '/.well-known/oauth-authorization-server':
        return json(metadataOf(origin))
      case '/oauth/par':
        return {
          ...json({ request_uri: 'urn:ietf:params:oauth:request_uri:a', expires_in: 60 }),
          status: 201,
        }
      case '/oauth/token':
        return json({ ...says(), access_token: 'a', token_type: 'DPoP', scope: 'atproto', expires_in: 60 })
      case '/oauth/revoke':
        return json({})
      default:
        return { status: 404, json: {} }
    }
  })
}

function metadataOf(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/oauth/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    pushed_authorization_request_endpoint: `${issuer}/oauth/par`,
    require_pushed_authorization_requests: true,
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
    protected_resources: [issuer],
    scopes_supported: ['atproto'],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['ES256'],
    dpop_signing_alg_values_supported: ['ES256'],
  }
}

function json(value: object): { headers: Record<string, string>; json: object } {
  return { headers: { 'content-type': 'application/json' }, json: value }
}

/** The network of Alice and Mallory, each with a server; Mallory begins a sign-in and is sent back. */
async function signedIn(lie: { sub: Did; iss: 'mallory' | 'alice' }): Promise<{ did: Did }> {
  await using alice = await server(() => ({ sub: ALICE }))
  await using mallory = await server(() => lie)
  await using plc = await serve(({ pathname }) => {
    const serviceEndpoint = pathname === `/${ALICE}` ? alice.url : mallory.url
    return json({ service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint }] })
  })
  const pending = new Map<string, string>()
  const by = new SignIn({
    publicUrl: undefined,
    plcUrl: plc.url,
    resolve: async () => undefined,
    pending: {
      keep: async (id, text) => void pending.set(id, text),
      take: async (id) => pending.get(id),
    },
    key: (make) => make(),
  })
  const to = await by.begin(MALLORY, { address: ADDRESS, browser: 'a', signal: never() })
  assert.equal(to.origin, mallory.url)
  const [state] = pending.keys()
  const iss = lie.iss === 'alice' ? alice.url : mallory.url
  return await by.finish(new URLSearchParams({ state: state ?? '', code: 'c', iss }), ADDRESS)
}

test('a server signs in its own people, and nobody else’s', async () => {
  assert.equal((await signedIn({ sub: MALLORY, iss: 'mallory' })).did, MALLORY)
  await assert.rejects(signedIn({ sub: ALICE, iss: 'mallory' }), (error) => {
    assert.ok(error instanceof SignInError)
    assert.match(error.message, /issuer mismatch/)
    return true
  })
})

test('an answer that says that it is another server’s is refused', async () => {
  await assert.rejects(signedIn({ sub: MALLORY, iss: 'alice' }), (error) => {
    assert.ok(error instanceof SignInError)
    assert.equal(error.failure, 'expired')
    return true
  })
})
