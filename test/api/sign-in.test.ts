import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SignInError, type SignInFailure } from '../../src/bluesky/sign-in.ts'
import { alice, bob, build, NOW, type Overrides, profile, SECOND } from './harness.ts'

const DAY = 86_400 * SECOND
const OWN = { host: '127.0.0.1:8000', 'sec-fetch-site': 'same-origin' }
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** A server at which people sign in at once: their own server sends them back with their DID. */
async function server(overrides: Overrides = {}) {
  /** What `begin` was given, and how it ends. */
  const begun: { name: string; address: string; browser: string }[] = []
  let failure: SignInFailure | undefined
  const fail = (): void => {
    if (failure !== undefined) throw new SignInError(failure, 'as the test says')
  }
  const publicUrl = overrides.settings?.publicUrl
  const built = await build({
    signIn: {
      addressFor: (host) =>
        publicUrl ??
        (host.startsWith('10.') ? undefined : `http://${host.replace('localhost', '127.0.0.1')}`),
      published: async () => undefined,
      begin: async (name, { address, browser }) => {
        fail()
        begun.push({ name, address, browser })
        return new URL(`https://pds.example/authorize?browser=${browser}`)
      },
      finish: async (query) => {
        fail()
        return { did: query.get('did') as typeof alice, browser: query.get('browser') ?? '' }
      },
    },
    ...overrides,
  })
  built.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 70 })
  return Object.assign(built, {
    begun,
    failing: (how: SignInFailure | undefined) => {
      failure = how
    },
  })
}

type Server = Awaited<ReturnType<typeof server>>
type Answer = Awaited<ReturnType<Server['get']>>

/** The cookies that a browser has after an answer. */
function cookiesOf({ cookies }: Answer, before: Record<string, string> = {}): Record<string, string> {
  const jar = { ...before }
  for (const { name, value, maxAge } of cookies) {
    if (maxAge === 0) delete jar[name]
    else jar[name] = value
  }
  return jar
}

function sent(jar: Record<string, string>): { cookie: string } {
  return {
    cookie: Object.entries(jar)
      .map(([name, value]) => `${name}=${value}`)
      .join('; '),
  }
}

async function signIn(on: Server, did = alice, headers: Record<string, string> = OWN) {
  const went = await on.post('/sign-in/continue', { ...headers, ...FORM, body: 'name=alice.example' })
  assert.equal(went.statusCode, 303)
  const { searchParams } = new URL(String(went.headers.location))
  const jar = cookiesOf(went)
  const back = `/oauth/callback?did=${did}&browser=${searchParams.get('browser')}`
  const came = await on.get(back, { ...headers, ...sent(jar) })
  assert.deepEqual([came.statusCode, came.headers.location], [303, '/me'])
  return { jar: cookiesOf(came, jar), came }
}

/** The token in the forms of somebody's page. */
async function tokenOf(on: Server, jar: Record<string, string>): Promise<string> {
  const { body } = await on.get('/me', { ...OWN, ...sent(jar) })
  return /name="token" value="([^"]+)"/.exec(body)?.[1] ?? assert.fail(body)
}

suite('signing in', () => {
  test('leads to the own server and back to what is kept', async () => {
    await using on = await server()
    const form = await on.get('/sign-in', OWN)
    assert.match(form.body, /action="\/sign-in\/continue"/)
    assert.match(String(form.headers['content-security-policy']), /form-action 'self' https:/)
    const { jar, came } = await signIn(on)
    assert.deepEqual(
      on.begun.map(({ name, address }) => [name, address]),
      [['alice.example', 'http://127.0.0.1:8000']],
    )
    assert.equal(came.headers['cache-control'], 'no-store')
    const { body, headers } = await on.get('/me', { ...OWN, ...sent(jar) })
    assert.match(body, /Signed in as <strong><bdi>@alice\.example/)
    assert.match(body, /70 XP/)
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal((await on.get('/sign-in', { ...OWN, ...sent(jar) })).headers.location, '/me')
  })

  test('keeps its cookies from scripts and other sites, and on https from plain http', async () => {
    await using plain = await server()
    await using secure = await server({ settings: { publicUrl: 'https://rpg.example' } })
    for (const [on, isSecure] of [
      [plain, false],
      [secure, true],
    ] as const) {
      const { came, jar } = await signIn(on)
      const [name] = Object.keys(jar)
      assert.equal(name?.startsWith('__Host-'), isSecure)
      for (const cookie of came.cookies) {
        const { httpOnly, sameSite, path, secure: only = false } = cookie
        assert.deepEqual([httpOnly, sameSite, path, only], [true, 'Lax', '/', isSecure])
        assert.equal('domain' in cookie, false)
      }
    }
  })

  test('does not finish in a browser that has not begun it', async () => {
    await using on = await server()
    const mine = await on.post('/sign-in/continue', { ...OWN, ...FORM, body: 'name=alice.example' })
    const theirs = await on.post('/sign-in/continue', { ...OWN, ...FORM, body: 'name=bob.example' })
    const back = `/oauth/callback?did=${bob}&browser=${on.begun[1]?.browser}`
    for (const jar of [{}, cookiesOf(mine)]) {
      const came = await on.get(back, { ...OWN, ...sent(jar) })
      assert.equal(came.statusCode, 400)
      assert.match(came.body, /begun in another browser/)
      assert.deepEqual(cookiesOf(came), {})
    }
    assert.equal((await on.get(back, { ...OWN, ...sent(cookiesOf(theirs)) })).statusCode, 303)
  })

  test('says what went wrong, and leaves nothing behind', async () => {
    await using on = await server()
    for (const [failure, status, words] of [
      ['unknown', 404, /Nobody on the network/],
      ['unavailable', 503, /does not answer/],
      ['denied', 400, /said no/],
      ['expired', 400, /took too long/],
    ] as const) {
      on.failing(failure)
      const typed = '"><script>'
      const went = await on.post('/sign-in/continue', { ...OWN, ...FORM, body: 'name=alice.example' })
      assert.deepEqual([went.statusCode, words.test(went.body)], [status, true])
      assert.match(went.body, /value="alice\.example"/)
      const came = await on.get('/oauth/callback?error=access_denied', { ...OWN, ...sent(cookiesOf(went)) })
      assert.equal(came.statusCode, status)
      assert.deepEqual(Object.keys(cookiesOf(came)), [])
      const hostile = await on.post('/sign-in/continue', {
        ...OWN,
        ...FORM,
        body: `name=${encodeURIComponent(typed)}`,
      })
      assert.equal(hostile.statusCode, 404)
      assert.equal(hostile.body.includes(typed), false)
    }
    // Of the two that failed at a server; anybody can make such failures.
    assert.equal(on.logged.filter((line) => line.includes('somebody could not sign in')).length, 1)
  })

  test('counts as thirty requests, and only from our own page', async () => {
    await using on = await server({ settings: { rateLimit: 50 } })
    const form = { ...FORM, body: 'name=alice.example' }
    for (const headers of [
      { host: OWN.host },
      { host: OWN.host, 'sec-fetch-site': 'cross-site' },
      { host: OWN.host, 'sec-fetch-site': 'same-site' },
      { host: OWN.host, origin: 'https://evil.example' },
      { host: OWN.host, origin: 'null' },
    ]) {
      assert.equal((await on.post('/sign-in/continue', { ...headers, ...form })).statusCode, 403)
    }
    // An older browser, which names the origin alone.
    const old = await on.post('/sign-in/continue', {
      host: OWN.host,
      origin: 'http://127.0.0.1:8000',
      ...form,
    })
    assert.equal(old.statusCode, 303)
    assert.equal((await on.post('/sign-in/continue', { ...OWN, ...form })).statusCode, 429)
    assert.equal(on.begun.length, 1)
  })

  test('costs no more than a client may have in a minute', async () => {
    await using on = await server({ settings: { rateLimit: 20 } })
    const begin = () => on.post('/sign-in/continue', { ...OWN, ...FORM, body: 'name=alice.example' })
    assert.deepEqual([(await begin()).statusCode, (await begin()).statusCode], [303, 429])
  })

  test('does not let one client keep out the others while servers are slow', async () => {
    const held: (() => void)[] = []
    let isSlow = false
    await using on = await server({
      signIn: {
        addressFor: () => 'http://127.0.0.1:8000',
        published: async () => undefined,
        begin: async (_name, { browser }) => {
          if (isSlow) await new Promise<void>((resolve) => held.push(resolve))
          return new URL(`https://pds.example/authorize?browser=${browser}`)
        },
        finish: async (query) => ({ did: alice, browser: query.get('browser') ?? '' }),
      },
    })
    // Awaited here, since a request that is injected begins when it is awaited.
    const begin = async (remoteAddress: string) =>
      await on.app.inject({
        method: 'POST',
        url: '/sign-in/continue',
        remoteAddress,
        headers: { ...OWN, ...FORM },
        payload: 'name=alice.example',
      })
    const began = await begin('192.0.2.1')
    const browser = new URL(String(began.headers.location)).searchParams.get('browser')
    const comeBack = () =>
      on.app.inject({
        url: `/oauth/callback?browser=${browser}`,
        remoteAddress: '192.0.2.1',
        headers: { ...OWN, ...sent(cookiesOf(began)) },
      })
    isSlow = true
    const slow = Array.from({ length: 4 }, () => begin('192.0.2.1'))
    const refused = [await begin('192.0.2.1'), await comeBack()]
    for (const { statusCode, body, cookies } of refused) {
      assert.deepEqual([statusCode, cookies], [429, []])
      assert.match(body, /You are signing in several times at once/)
    }
    assert.equal(held.length, 4)
    const other = begin('192.0.2.2')
    const crowd = Array.from({ length: 35 }, (_, n) => begin(`192.0.2.${3 + (n >> 2)}`))
    while (held.length < 40) await new Promise(setImmediate)
    const late = await begin('192.0.2.99')
    assert.equal(late.statusCode, 503)
    assert.match(late.body, /Too many people are signing in/)
    for (const answer of held) answer()
    for (const answer of [...slow, other, ...crowd]) assert.equal((await answer).statusCode, 303)
    assert.equal((await comeBack()).headers.location, '/me')
  })

  test('is at the address that cookies and other servers know', async () => {
    await using on = await server()
    const { statusCode, headers } = await on.get('/sign-in', { host: 'localhost:8000' })
    assert.deepEqual([statusCode, headers.location], [303, 'http://127.0.0.1:8000/sign-in'])
    for (const path of ['/sign-in', '/oauth/callback?code=1']) {
      const { body } = await on.get(path, { host: '10.0.0.1:8000' })
      assert.match(body, /Signing in is not set up here/)
      assert.match(body, /keeper@rpg\.example/)
    }
    for (const path of ['/oauth/client-metadata.json', '/oauth/jwks.json'])
      assert.equal((await on.get(path, OWN)).statusCode, 404)
  })
})

suite('being signed in', () => {
  test('ends after a week, here, or everywhere', async () => {
    await using on = await server()
    const [first, second, third] = [await signIn(on), await signIn(on), await signIn(on)]
    const others = await signIn(on, bob)
    const isIn = async ({ jar }: { jar: Record<string, string> }): Promise<boolean> =>
      (await on.get('/me', { ...OWN, ...sent(jar) })).statusCode === 200
    const form = async ({ jar }: typeof first) => ({
      ...OWN,
      ...FORM,
      ...sent(jar),
      body: `token=${await tokenOf(on, jar)}`,
    })
    const out = await on.post('/me/sign-out', await form(first))
    assert.deepEqual([out.statusCode, out.headers.location, cookiesOf(out, first.jar)], [303, '/', {}])
    assert.deepEqual([await isIn(first), await isIn(second), await isIn(third)], [false, true, true])
    await on.post('/me/sign-out-everywhere', await form(second))
    assert.deepEqual([await isIn(second), await isIn(third), await isIn(others)], [false, false, true])
    on.time.now = NOW + 7 * DAY - SECOND
    assert.equal(await isIn(others), true)
    on.time.now = NOW + 7 * DAY
    assert.equal(await isIn(others), false)
  })

  test('cannot be made up', async () => {
    await using on = await server()
    const { jar } = await signIn(on)
    const [[name = '', value = ''] = []] = Object.entries(jar)
    const [token = ''] = value.split('.')
    for (const forged of [
      `${token}.${bob}`,
      `${'a'.repeat(43)}.${alice}`,
      token,
      `.${alice}`,
      '',
      `${value}x`,
    ]) {
      const { statusCode, headers } = await on.get('/me', { ...OWN, cookie: `${name}=${forged}` })
      assert.deepEqual([statusCode, headers.location], [303, '/sign-in'], forged)
    }
  })
})

suite('what somebody asks for', () => {
  test('is left for ingest, and the page after it says what became of it', async () => {
    const wishes: string[] = []
    await using on = await server({
      inbox: {
        leave: async ({ kind, did }) => {
          wishes.push(`${kind} ${did}`)
          if (kind === 'hide') on.ledger.hide(did)
        },
      },
    })
    const { jar } = await signIn(on)
    const form = { ...OWN, ...FORM, ...sent(jar), body: `token=${await tokenOf(on, jar)}` }
    const hidden = await on.post('/me/hide', form)
    assert.deepEqual([hidden.statusCode, hidden.headers.location], [303, '/me?asked=hide'])
    const page = await on.get('/me?asked=hide', { ...OWN, ...sent(jar) })
    assert.match(page.body, /You are hidden/)
    assert.match(page.body, /Done: nobody sees you here/)
    assert.deepEqual(wishes, [`hide ${alice}`])
    // Nobody has fulfilled this one yet.
    const pending = await on.get('/me?asked=leave', { ...OWN, ...sent(jar) })
    assert.match(pending.body, /Noted\. It is done within seconds/)
  })

  test('is asked once more before everything is deleted', async () => {
    await using on = await server()
    const { jar } = await signIn(on)
    const { body } = await on.get('/me/leave', { ...OWN, ...sent(jar) })
    assert.match(body, /Delete everything about <bdi>@alice\.example<\/bdi>\?/)
    assert.match(body, /1 record and 70 XP/)
    assert.equal((await on.get('/me/delete', { ...OWN, ...sent(jar) })).statusCode, 405)
    assert.equal((await on.get('/me/leave', OWN)).headers.location, '/sign-in')
  })

  test('comes from our own page, with its token, from who is signed in', async () => {
    await using on = await server()
    const [mine, theirs] = [await signIn(on), await signIn(on, bob)]
    const token = await tokenOf(on, mine.jar)
    const other = await tokenOf(on, theirs.jar)
    const paths = ['/me/hide', '/me/delete', '/me/return', '/me/sign-out', '/me/sign-out-everywhere']
    for (const path of paths) {
      const send = (headers: Record<string, string>, body: string) =>
        on.post(path, { ...FORM, ...headers, body })
      const own = { ...OWN, ...sent(mine.jar) }
      for (const [headers, body] of [
        [own, ''],
        [own, `token=${other}`],
        [own, `token=${token}x`],
        [{ ...own, 'sec-fetch-site': 'cross-site' }, `token=${token}`],
        [{ host: OWN.host, ...sent(mine.jar), origin: 'https://evil.example' }, `token=${token}`],
        [{ ...own, 'content-type': 'application/json' }, JSON.stringify({ token })],
      ] as const) {
        assert.equal((await send(headers, body)).statusCode, 403, `${path} ${body}`)
      }
      assert.equal((await send(OWN, `token=${token}`)).headers.location, '/sign-in')
      assert.equal((await send(own, 'x'.repeat(5_000))).statusCode, 413)
    }
    assert.deepEqual(on.ledger.wishes, [])
  })

  test('is not said to be noted where it cannot be', async () => {
    await using on = await server({
      inbox: { leave: () => Promise.reject(new Error('locked')) },
    })
    const { jar } = await signIn(on)
    const form = { ...OWN, ...FORM, ...sent(jar), body: `token=${await tokenOf(on, jar)}` }
    const { statusCode, body } = await on.post('/me/delete', form)
    assert.equal(statusCode, 503)
    assert.match(body, /nothing has changed/)
    assert.equal(on.logged.filter((line) => line.includes('a wish could not be left')).length, 1)
  })
})
