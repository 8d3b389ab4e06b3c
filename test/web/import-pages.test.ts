import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Did } from '@atcute/lexicons/syntax'
import { ImportNews } from '../../src/api/import-news.ts'
import type { ImportStatus } from '../../src/store/store.ts'
import { alice, bob, build, NOW, profile, SECOND } from '../api/harness.ts'
import { tid } from '../game/arbitrary.ts'

const OWN = { host: 'rpg.example', 'sec-fetch-site': 'same-origin', accept: 'text/html' }
const OPEN: ImportStatus = { isOpen: true, tries: 0, head: undefined, records: 0, experience: 0 }

async function serve(settings: { imports?: boolean } = {}) {
  const importNews = new ImportNews()
  const handles = {
    isCached: () => true,
    resolve: async (handle: string) => (handle === 'alice.example' ? alice : undefined),
  }
  const on = await build({ importNews, handles, settings })
  on.ledger.heartbeat = { at: NOW, lag: 0, host: 'stream.example' }
  const page = (path: string) => on.get(path, OWN)
  const send = (path: string, headers: Record<string, string> = OWN) =>
    on.post(path, { ...headers, 'content-type': 'application/x-www-form-urlencoded', body: ' ' })
  return Object.assign(on, { importNews, page, send })
}

suite('the button on the page of somebody unknown', () => {
  test('has the history imported, and leads by way of its progress to the sheet', async () => {
    await using on = await serve()
    const newcomer = await on.page('/@alice.example')
    assert.equal(newcomer.statusCode, 404)
    assert.match(
      newcomer.body,
      /<form action="\/@alice\.example\/import" method="post"><button>Count the whole history/,
    )
    assert.match(newcomer.body, /<meta name="referrer" content="same-origin">/)
    const sent = await on.send('/@alice.example/import')
    assert.deepEqual([sent.statusCode, sent.headers.location], [303, '/@alice.example/import'])
    assert.deepEqual(
      on.ledger.wishes.map(({ kind, did }) => [kind, did]),
      [['import', alice]],
    )
    const queued = await on.page('/@alice.example/import')
    assert.match(queued.body, /Waiting for its turn/)
    assert.match(queued.body, /<noscript><meta http-equiv="refresh" content="2"><\/noscript>/)
    on.ledger.imports.set(alice, OPEN)
    on.importNews.note(alice, { state: 'counting', records: 3_412, of: 6_000 })
    const unseen = await on.page('/@alice.example/import')
    assert.match(unseen.body, /data-records>0<\/b> <span data-unit>records so far/, 'nobody is shown yet')
    on.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 50 })
    const running = await on.page('/@alice.example/import')
    assert.match(
      running.body,
      /<b class="num" data-records>3,412<\/b> <span data-unit>of 6,000 records so far/,
    )
    assert.match(running.body, /<progress [^>]* value="0\.569">/)
    on.ledger.imports.set(alice, { ...OPEN, isOpen: false, head: tid(5) })
    on.importNews.note(alice, { state: 'imported', records: 6_000, experience: 1 })
    const done = await on.page('/@alice.example/import')
    assert.deepEqual([done.statusCode, done.headers.location], [303, '/@alice.example'])
  })

  test('says so where a history has nothing that counts', async () => {
    await using on = await serve()
    on.ledger.imports.set(alice, { ...OPEN, isOpen: false, head: tid(5) })
    const { body } = await on.page('/@alice.example/import')
    assert.match(body, /nothing to show: the repository has nothing that earns experience/)
  })

  test('is on the sheet of somebody whose history was never imported, too', async () => {
    await using on = await serve()
    on.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 50 })
    assert.match((await on.page('/@alice.example')).body, /action="\/@alice\.example\/import"/)
    on.ledger.imports.set(alice, { ...OPEN, isOpen: false, head: tid(5) })
    assert.doesNotMatch((await on.page('/@alice.example')).body, /\/import"/)
  })

  test('is not there where only some people are followed', async () => {
    await using on = await serve({ imports: false })
    on.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 50 })
    for (const path of ['/@alice.example', '/@bob.example'])
      assert.doesNotMatch((await on.page(path)).body, /\/import"/)
  })

  test('does nothing for pages of other sites', async () => {
    await using on = await serve()
    const others = [
      { host: 'rpg.example', 'sec-fetch-site': 'cross-site' },
      { host: 'rpg.example', 'sec-fetch-site': 'same-site' },
      { host: 'rpg.example', origin: 'http://evil.example' },
      { host: 'rpg.example', origin: 'null' },
      { host: 'rpg.example' },
      { host: '[' },
    ]
    for (const path of ['/@alice.example/import', '/@alice.example/import/cancel']) {
      for (const headers of others)
        assert.equal((await on.send(path, headers)).statusCode, 403, JSON.stringify(headers))
    }
    assert.deepEqual(on.ledger.wishes, [])
    const older = { host: 'rpg.example', origin: 'http://rpg.example' }
    assert.equal((await on.send('/@alice.example/import', older)).statusCode, 303)
  })

  test('says why it cannot, and what to do', async () => {
    await using on = await serve()
    assert.match((await on.send('/@nobody.example/import')).body, /<h1>Nobody here by that name<\/h1>/)
    for (let n = 0; n < 10; n++) await on.send(`/@did:plc:${'abcdefghijk'[n]?.repeat(24)}/import`)
    const refused = await on.send('/@alice.example/import')
    assert.equal(refused.statusCode, 429)
    assert.match(refused.body, /<h1>Slowly, please<\/h1>[\s\S]*A client may ask for 10 imports an hour/)
    const never = await on.page('/@alice.example/import')
    assert.deepEqual([never.statusCode, never.headers.location], [303, '/@alice.example'])
  })

  test('can be taken back, and gone on with', async () => {
    await using on = await serve()
    await on.send('/@alice.example/import')
    assert.match((await on.page('/@alice.example/import')).body, /action="\/@alice\.example\/import\/cancel"/)
    assert.equal((await on.send('/@alice.example/import/cancel')).headers.location, '/@alice.example/import')
    const cancelled = await on.page('/@alice.example/import')
    assert.match(cancelled.body, /What has been counted stays/)
    assert.doesNotMatch(cancelled.body, /http-equiv="refresh"|import\.[0-9a-f]+\.js/)
    assert.deepEqual(
      on.ledger.wishes.map(({ kind }) => kind),
      ['import', 'cancel-import'],
    )
  })

  test('answers for people who are not to be seen as for those whom nobody knows, at every step', async () => {
    await using on = await serve()
    const [hidden, unknown] = [alice, bob]
    on.ledger.join(hidden, profile('alice.example')).earn(hidden, { delta: 50 }).hide(hidden)
    const steps = async (did: Did) => {
      const pages = [
        await on.page(`/@${did}`),
        await on.send(`/@${did}/import`),
        await on.page(`/@${did}/import`),
      ]
      on.time.now += 15 * SECOND
      on.ledger.heartbeat = { at: on.time.now, lag: 0, host: 'stream.example' }
      pages.push(await on.page(`/@${did}/import`), await on.page(`/@${did}`))
      return pages.map(({ statusCode, body }) => `${statusCode} ${body.replaceAll(did, 'them')}`)
    }
    const [one, other] = [await steps(hidden), await steps(unknown)]
    assert.deepEqual(one, other)
    assert.match(one[3] ?? '', /This history cannot be counted[\s\S]*role="alert"/)
  })
})
