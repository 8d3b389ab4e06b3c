import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Did, Handle } from '@atcute/lexicons/syntax'
import { APPVIEW_SHARES, type AppView, openAppView } from '../../src/bluesky/appview.ts'
import { Pace } from '../../src/bluesky/pace.ts'
import { RequestError } from '../../src/bluesky/request.ts'
import { never, type Reply, serve } from './local-server.ts'

const NOW = 1_770_000_000_000_000
const ALICE: Did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const BOB: Did = 'did:plc:bbbbbbbbbbbbbbbbbbbbbbbb'
const post = (n: number) => `at://${ALICE}/app.bsky.feed.post/3k${n}`

/** Runs a test with an AppView that answers `reply`; `asked` are the URLs of its requests, in order. */
async function withAppView(
  reply: (url: URL) => Reply,
  run: (appview: AppView, asked: URL[], pace: Pace) => Promise<void>,
): Promise<void> {
  await using server = await serve(reply)
  const pace = new Pace({ maxRequests: 100, windowMs: 1_000 })
  await run(openAppView({ url: server.url, clock: () => NOW, pace }), server.asked, pace)
}

/** Alice's profile, as the client reads it from an answer with `fields`. */
async function read(fields: object) {
  let view: unknown
  await withAppView(
    () => ({ json: { profiles: [{ did: ALICE, handle: 'alice.test', ...fields }] } }),
    async (appview) => {
      view = (await appview.profiles([ALICE], never()))[0]
    },
  )
  return view as Awaited<ReturnType<AppView['profiles']>>[number]
}

suite('profiles', () => {
  test('are asked for together, each by name', async () => {
    const dids = Array.from({ length: 25 }, (_, n): Did => `did:web:person-${n}.example`)
    await withAppView(
      () => ({ json: { profiles: [{ did: dids[3], handle: 'three.test' }] } }),
      async (appview, asked) => {
        const views = await appview.profiles(dids, never())
        assert.deepEqual(
          views.map(({ did }) => did),
          [dids[3]],
        )
        assert.equal(asked.length, 1)
        assert.equal(asked[0]?.pathname, '/xrpc/app.bsky.actor.getProfiles')
        assert.deepEqual(asked[0]?.searchParams.getAll('actors'), dids)
      },
    )
  })

  test('say who somebody is', async () => {
    const avatar = 'https://img.example/a'
    assert.deepEqual(await read({ displayName: 'Alice', avatar, postsCount: 7, labels: [], more: 1 }), {
      did: ALICE,
      profile: { handle: 'alice.test', displayName: 'Alice', avatar, asked: NOW },
      postsCount: 7,
      optedOut: false,
    })
  })

  test('keep nothing that is of another type, or nothing at all', async () => {
    const nothing = {
      did: ALICE,
      profile: { handle: undefined, displayName: undefined, avatar: undefined, asked: NOW },
      postsCount: 0,
      optedOut: false,
    }
    assert.deepEqual(await read({ handle: undefined }), nothing)
    const fields = { handle: 7, displayName: {}, avatar: [], postsCount: '9', labels: 'none' }
    assert.deepEqual(await read(fields), nothing)
    assert.deepEqual(await read({ handle: 'no handle', postsCount: -1, labels: [null, 7, []] }), nothing)
    assert.deepEqual(await read({ handle: 'handle.invalid', postsCount: 1.5, displayName: ' ' }), nothing)
  })

  test('leave out those whose name is none, and keep the others', async () => {
    const profiles = [null, 7, {}, { did: 'bob' }, { did: BOB, handle: 'BOB.Test' }]
    await withAppView(
      () => ({ json: { profiles } }),
      async (appview) => {
        const views = await appview.profiles([ALICE, BOB], never())
        assert.deepEqual(
          views.map(({ did, profile }) => [did, profile.handle]),
          [[BOB, 'bob.test']],
        )
      },
    )
  })

  const own = { val: '!no-unauthenticated', src: ALICE }
  for (const [name, labels, optedOut] of [
    ['put on by themselves', [{ val: 'other', src: ALICE }, own], true],
    ['put on by somebody else', [{ ...own, src: BOB }], false],
    ['taken off again', [{ ...own, neg: true }], false],
    ['that says something else', [{ ...own, val: '!hide' }], false],
  ] as const) {
    test(`hide somebody by a label ${name}: ${optedOut}`, async () => {
      assert.equal((await read({ labels })).optedOut, optedOut)
    })
  }

  const face = '👩‍👩‍👧‍👦'
  for (const [name, displayName, shown] of [
    ['a plain one', '  Alice  ', 'Alice'],
    ['lines', 'a\nb\u2028c\td', 'a b c d'],
    ['overrides of direction', 'a\u202eb\u2066c', 'a b c'],
    ['blanks', ' \n\u0000 ', undefined],
    ['nothing', '', undefined],
    ['half a character', 'a\ud800b', 'a\ufffdb'],
    ['64 characters of many parts', face.repeat(64).slice(0, 58 * face.length), face.repeat(58)],
    ['more than fit', 'x'.repeat(65), 'x'.repeat(64)],
  ] as const) {
    test(`show a name with ${name}`, async () => {
      assert.equal((await read({ displayName })).profile.displayName, shown)
    })
  }

  test('show a name that is text, wherever it was cut', async () => {
    for (const before of ['', 'x']) {
      // One long character: what is cut off is in the middle of it.
      const { displayName = '' } = (await read({ displayName: `${before}${face.repeat(80)}` })).profile
      assert.ok(displayName.isWellFormed(), JSON.stringify(displayName.slice(-3)))
      assert.ok(displayName.startsWith(before + face))
    }
  })

  test('show a picture only where it is an address that a page may show', async () => {
    const shown = async (avatar: string) => (await read({ avatar })).profile.avatar
    assert.equal(await shown('javascript:alert(1)'), undefined)
    assert.equal(await shown('data:image/png;base64,AA'), undefined)
    assert.equal(await shown(`https://img.example/${'a'.repeat(2_000)}`), undefined)
    assert.equal(await shown('http://127.0.0.1/a'), 'http://127.0.0.1/a')
  })

  test('show a picture without encryption only where they come without it themselves', async (t) => {
    const profiles = [
      { did: ALICE, avatar: 'http://img.example/a' },
      { did: BOB, avatar: 'https://img.example/b' },
    ]
    t.mock.method(globalThis, 'fetch', async () => Response.json({ profiles }))
    const appview = openAppView({
      url: 'https://appview.example',
      clock: () => NOW,
      pace: new Pace(APPVIEW_SHARES.ingest),
    })
    assert.deepEqual(
      (await appview.profiles([ALICE, BOB], never())).map(({ profile }) => profile.avatar),
      [undefined, 'https://img.example/b'],
    )
  })
})

suite('posts', () => {
  test('are asked for together, and those that are gone are left out', async () => {
    const uris = Array.from({ length: 25 }, (_, n) => post(n))
    const picture = (alt: string) => ({ $type: 'app.bsky.embed.images', images: [{ alt }] })
    const posts = [
      { uri: post(0), record: { text: 'a' } },
      { uri: post(1), record: { embed: picture('') } },
      { uri: post(2), record: { embed: picture('a cat') } },
      { uri: post(3), record: {}, embed: { ...picture('a cat'), $type: 'app.bsky.embed.images#view' } },
      { uri: post(4), record: { embed: picture('') }, embed: picture('a cat') },
      { uri: post(5), embed: 'nonsense' },
      { uri: 7, record: {} },
      null,
    ]
    await withAppView(
      () => ({ json: { posts } }),
      async (appview, asked) => {
        assert.deepEqual(
          [...(await appview.posts(uris, never()))],
          [
            [post(0), 'text'],
            [post(1), 'media'],
            [post(2), 'alt'],
            [post(3), 'alt'],
            [post(4), 'media'],
            [post(5), 'text'],
          ],
        )
        assert.equal(asked.length, 1)
        assert.equal(asked[0]?.pathname, '/xrpc/app.bsky.feed.getPosts')
        assert.deepEqual(asked[0]?.searchParams.getAll('uris'), uris)
      },
    )
  })
})

suite('a handle', () => {
  const resolved = async (reply: Reply): Promise<Did | undefined> => {
    let did: Did | undefined
    await withAppView(
      () => reply,
      async (appview, asked) => {
        did = await appview.resolve('alice.test', never())
        assert.equal(
          asked[0]?.href.split('/xrpc/')[1],
          'com.atproto.identity.resolveHandle?handle=alice.test',
        )
      },
    )
    return did
  }

  test("is somebody's", async () => {
    assert.equal(await resolved({ json: { did: ALICE } }), ALICE)
  })

  test("is nobody's where the answer says so, or is no DID", async () => {
    assert.equal(await resolved({ status: 400, json: { error: 'InvalidRequest' } }), undefined)
    assert.equal(await resolved({ json: { did: 'alice' } }), undefined)
    assert.equal(await resolved({ json: {} }), undefined)
  })

  test("is not said to be nobody's where the AppView failed", async () => {
    for (const status of [404, 429, 500, 502]) {
      await assert.rejects(resolved({ status, headers: { 'retry-after': '1' } }), {
        name: 'RequestError',
        status,
      })
    }
  })
})

suite('an AppView that fails', () => {
  const calls: [string, (appview: AppView) => Promise<unknown>][] = [
    ['profiles', (appview) => appview.profiles([ALICE], never())],
    ['posts', (appview) => appview.posts([post(1)], never())],
    ['search', (appview) => appview.search('ali', 8, never())],
    ['resolve', (appview) => appview.resolve('alice.test' as Handle, never())],
  ]
  const replies: [string, Reply][] = [
    ['500', { status: 500, json: { error: 'InternalServerError' } }],
    ['no JSON', { body: '<html>' }],
    ['a list', { json: [] }],
    ['null', { json: null }],
    ['a cut line', (response) => response.destroy()],
    ['more than anybody asked for', { body: ' '.repeat(4 * 2 ** 20 + 1) }],
  ]
  for (const [name, call] of calls) {
    for (const [what, reply] of replies) {
      test(`${name}: ${what} is a failure that can be tried again`, async () => {
        await withAppView(
          () => reply,
          async (appview) => {
            await assert.rejects(call(appview), RequestError)
          },
        )
      })
    }
  }

  test('an object without what was asked for is a failure, too', async () => {
    for (const value of [undefined, null, {}, 'x']) {
      await withAppView(
        () => ({ json: { profiles: value, posts: value } }),
        async (appview) => {
          await assert.rejects(appview.profiles([ALICE], never()), /list of profiles/)
          await assert.rejects(appview.posts([post(1)], never()), /list of posts/)
        },
      )
    }
  })

  test('is left alone by every call for as long as it says, and by none for its other failures', async () => {
    const waits: number[] = []
    const pace = new Pace({
      maxRequests: 100,
      windowMs: 1_000,
      now: () => waits.reduce((sum, ms) => sum + ms, 0),
      schedule: (ms, wake) => {
        waits.push(ms)
        setImmediate(wake)
        return () => {}
      },
    })
    const replies: Reply[] = [
      { status: 503, headers: { 'retry-after': '9' } },
      { status: 429, headers: { 'retry-after': '20' } },
    ]
    await using server = await serve(() => replies.shift() ?? { json: { posts: [], did: ALICE } })
    const appview = openAppView({ url: server.url, clock: () => NOW, pace })
    await assert.rejects(appview.profiles([ALICE], never()), { status: 503 })
    await assert.rejects(appview.profiles([ALICE], never()), { status: 429, waitMs: 20_000 })
    assert.deepEqual(waits, [])
    await appview.posts([post(1)], never())
    assert.deepEqual(waits, [20_000])
    await appview.resolve('alice.test', never())
    assert.deepEqual(waits, [20_000])
  })

  test('is not asked any more once nobody wants to know', async () => {
    const end = new AbortController()
    await withAppView(
      () => () => end.abort(),
      async (appview, asked) => {
        await assert.rejects(appview.profiles([ALICE], end.signal), { name: 'AbortError' })
        await assert.rejects(appview.posts([post(1)], end.signal), { name: 'AbortError' })
        assert.equal(asked.length, 1)
      },
    )
  })
})
