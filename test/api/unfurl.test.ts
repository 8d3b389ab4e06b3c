import assert from 'node:assert/strict'
import test from 'node:test'
import { alice, bob, build, nobody, profile } from './harness.ts'

const BASE = 'https://rpg.example'

async function populated(settings: { publicUrl: string | undefined } = { publicUrl: BASE }) {
  const server = await build({ settings })
  server.ledger.join(alice, profile('alice.example', { displayName: 'A "quoted" <b>' })).join(bob)
  server.ledger.earn(alice, { delta: 270 }).earn(bob, { delta: 10 })
  return server
}

/** The content of the tag of this name. */
function tag(page: string, name: string): string | undefined {
  return new RegExp(`<meta (?:property|name)="${name}" content="([^"]*)">`).exec(page)?.[1]
}

test('a sheet says what its link is to show, by an address that every level and day changes', async () => {
  await using server = await populated()
  const { body } = await server.get('/@alice.example')
  assert.equal(tag(body, 'og:title'), 'A &quot;quoted&quot; &lt;b&gt;, level 3 Wanderer')
  assert.equal(tag(body, 'og:url'), `${BASE}/@alice.example`)
  assert.equal(tag(body, 'twitter:card'), 'summary_large_image')
  const picture = `${BASE}/@alice.example/card.png?v=3-2023-11-14`
  assert.equal(tag(body, 'og:image'), picture)
  assert.equal(tag(body, 'twitter:image'), picture)
  assert.match(String(tag(body, 'og:image:alt')), /^Card of .*level 3 Wanderer, 270 XP, 80 XP to level 4$/)
  for (const url of [picture, picture.replace('v=3-2023-11-14', 'v=1-2020-01-01')]) {
    const card = await server.get(url.slice(BASE.length))
    assert.deepEqual([card.statusCode, card.headers['content-type']], [200, 'image/png'])
  }
})

test('the page names its oEmbed, which answers for its address in the size asked for', async () => {
  await using server = await populated()
  const { body } = await server.get('/@alice.example')
  const [, address = ''] =
    /<link rel="alternate" type="application\/json\+oembed" href="([^"]+)"/.exec(body) ?? []
  const answer = await server.get(address.slice(BASE.length))
  assert.deepEqual(answer.json(), {
    version: '1.0',
    type: 'photo',
    title: 'A "quoted" <b>, level 3 Wanderer',
    author_name: 'A "quoted" <b>',
    author_url: `${BASE}/@alice.example`,
    provider_name: 'bsky-rpg',
    provider_url: BASE,
    cache_age: 300,
    url: `${BASE}/@alice.example/card.png?v=3-2023-11-14`,
    width: 1_200,
    height: 630,
  })
  const sized = async (query: string) => (await server.get(`${address.slice(BASE.length)}&${query}`)).json()
  const small = await sized('maxwidth=600')
  assert.deepEqual([small.type, small.width, small.height], ['photo', 480, 160])
  assert.match(small.url, /card\.png\?v=3-2023-11-14&size=compact$/)
  assert.equal((await sized('maxheight=100')).type, 'link')
})

test('without PUBLIC_URL addresses are those that the client asked for', async () => {
  await using server = await populated({ publicUrl: undefined })
  const own = await server.get('/@alice.example', { host: 'my.example:8000' })
  assert.equal(tag(own.body, 'og:url'), 'http://my.example:8000/@alice.example')
  const oembed = await server.get('/oembed?url=http://my.example:8000/@alice.example', {
    host: 'my.example:8000',
  })
  assert.equal(oembed.json().author_url, 'http://my.example:8000/@alice.example')
})

test('addresses of other servers and other pages have no embedding', async () => {
  await using server = await populated()
  for (const url of [
    'https://other.example/@alice.example',
    `${BASE}/boards`,
    `${BASE}/@alice.example/card.png`,
    `${BASE}/@`,
    `javascript://rpg.example/@alice.example`,
    'nothing',
  ]) {
    assert.equal((await server.get(`/oembed?url=${encodeURIComponent(url)}`)).statusCode, 404, url)
  }
  assert.equal((await server.get(`/oembed?url=${BASE}/@alice.example&format=xml`)).statusCode, 501)
})

test('a badge says level and title, in the colour of the title', async () => {
  await using server = await populated()
  assert.deepEqual((await server.get('/@alice.example/badge.json')).json(), {
    schemaVersion: 1,
    label: 'Bluesky',
    message: 'level 3 Wanderer',
    color: '#57606f',
    cacheSeconds: 300,
  })
})

test('hidden, gone and unknown people get the very same answers', async () => {
  await using server = await populated()
  const answersTo = async (name: string) => {
    const answers = []
    for (const url of [`/oembed?url=${BASE}/@${name}`, `/@${name}/badge.json`]) {
      const { statusCode, body, headers } = await server.get(url)
      const { date: _date, ratelimit: _left, ...rest } = headers
      answers.push({ statusCode, body, rest })
    }
    return answers
  }
  const unknown = await answersTo(nobody)
  server.ledger.hide(alice)
  assert.deepEqual(await answersTo(alice), unknown)
  assert.deepEqual(await answersTo('alice.example'), unknown)
  const page = (await server.get(`/@${alice}`)).body
  assert.equal(tag(page, 'og:image'), undefined)
})

test('what names the address that a client asked is stored by no cache of others', async () => {
  for (const [publicUrl, caching] of [
    [undefined, 'private, max-age=5'],
    [BASE, 'public, max-age=5'],
  ] as const) {
    await using server = await populated({ publicUrl })
    const host = publicUrl === undefined ? 'evil.example' : 'rpg.example'
    for (const url of ['/@alice.example', `/oembed?url=http://${host}/@alice.example`]) {
      const answer = await server.get(url, { host: 'evil.example' })
      assert.equal(answer.statusCode, 200)
      assert.equal(answer.headers['cache-control'], caching, url)
      assert.equal(answer.body.includes('evil.example'), publicUrl === undefined)
    }
  }
})
