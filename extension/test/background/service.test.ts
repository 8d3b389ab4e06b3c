import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Services, type SessionArea } from '../../src/background/service.ts'

const ADDRESS = 'https://rpg.example'

/** The browser's storage in memory. */
function area(): SessionArea & {
  stored: () => Promise<void>
  /** Of which servers something was kept, in order. */
  addresses: string[]
  broken: boolean
} {
  const items = new Map<string, string>()
  let next = Promise.withResolvers<void>()
  return {
    broken: false,
    addresses: [],
    async get(key) {
      if (this.broken) throw new Error('the storage is broken')
      const item = items.get(key)
      return item === undefined ? {} : { [key]: JSON.parse(item) }
    },
    async set(given) {
      for (const [key, item] of Object.entries(given)) {
        items.set(key, JSON.stringify(item))
        this.addresses.push((item as { address: string }).address)
      }
      next.resolve()
      next = Promise.withResolvers()
    },
    stored: () => next.promise,
  }
}

/** A server that wants a pause of a minute. */
function busy() {
  const asked: string[] = []
  const fetch = async (url: string): Promise<Response> => {
    asked.push(url)
    return new Response('', { status: 429, headers: { 'retry-after': '60' } })
  }
  return { asked, fetch }
}

suite('the background’s service', () => {
  test('leaves a server alone for as long as it wanted after the background was ended', async () => {
    const session = area()
    const { asked, fetch } = busy()
    const before = await new Services(session, fetch).at(ADDRESS)
    const stored = session.stored()
    assert.deepEqual(await before.lookups.find(['a.example']), [{ kind: 'later', retryMs: 60_000 }])
    await stored
    assert.equal(asked.length, 1)

    const after = await new Services(session, fetch).at(ADDRESS)
    const [found] = await after.lookups.find(['a.example'])
    assert.ok(found?.kind === 'later' && found.retryMs > 2_000, JSON.stringify(found))
    assert.equal(asked.length, 1)
  })

  test('does not hold another server to that pause', async () => {
    const session = area()
    const { asked, fetch } = busy()
    const before = await new Services(session, fetch).at(ADDRESS)
    const stored = session.stored()
    await before.lookups.find(['a.example'])
    await stored
    const other = await new Services(session, fetch).at('https://other.example')
    await other.lookups.find(['a.example'])
    assert.deepEqual(asked, [`${ADDRESS}/v1/rules`, 'https://other.example/v1/rules'])
  })

  test('keeps nothing of a server that answers after another one was chosen', async () => {
    const session = area()
    const answered = Promise.withResolvers<void>()
    const { fetch } = busy()
    const services = new Services(session, async (url) => {
      if (url.startsWith(ADDRESS)) await answered.promise
      return fetch(url)
    })
    const slow = (await services.at(ADDRESS)).lookups.find(['a.example'])
    const other = await services.at('https://other.example')
    answered.resolve()
    await slow
    // What is kept of the other one is kept after that: timers of one length end in order.
    const stored = session.stored()
    await other.lookups.find(['a.example'])
    await stored
    assert.deepEqual(session.addresses, ['https://other.example'])
  })

  test('is made again after the storage could not be read', async () => {
    const session = area()
    session.broken = true
    const services = new Services(session, busy().fetch)
    await assert.rejects(services.at(ADDRESS), /the storage is broken/)
    session.broken = false
    assert.equal((await services.at(ADDRESS)).server.address, ADDRESS)
  })

  test('is made once', async () => {
    const services = new Services(area(), busy().fetch)
    const [one, two] = await Promise.all([services.at(ADDRESS), services.at(ADDRESS)])
    assert.equal(one, two)
  })
})
