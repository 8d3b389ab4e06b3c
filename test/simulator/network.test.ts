import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { Did, StreamEvent } from '../../src/atproto/event.ts'
import { Network, type NetworkOptions } from '../../src/simulator/network.ts'

const START = 1_770_000_000_000_000
const STEP = 10_000

function networkOf(options: Partial<NetworkOptions> = {}): Network {
  return new Network({ seed: 1, actors: 30, start: START, step: STEP, mix: 'everything', ...options })
}

/** The events of so many happenings, in one list. */
function happen(network: Network, happenings: number): StreamEvent[] {
  return Array.from({ length: happenings }, () => network.next()).flat()
}

/** The kind of an event, as finely as the tests count. */
function kindOf(event: StreamEvent): string {
  switch (event.kind) {
    case 'commit':
      return `${event.op} ${event.collection}`
    case 'account':
      return `account ${event.status}`
    default:
      return event.kind
  }
}

suite('a simulated network', () => {
  test('is the same for the same seed, and another for another', () => {
    const [one, same, other] = [1, 1, 2].map((seed) => happen(networkOf({ seed }), 3_000))
    // The differences between two networks would be long to read, and to make.
    assert.ok(isDeepStrictEqual(one, same))
    assert.ok(!isDeepStrictEqual(one, other))
  })

  test('of both mixes has the same people', () => {
    const names = ({ people }: Network) => people.map(({ did, handle }) => [did, handle])
    const network = networkOf()
    assert.deepEqual(names(network), names(networkOf({ mix: 'feed' })))
    assert.equal(new Set(network.people.map(({ did }) => did)).size, 30)
    for (const person of network.people) {
      assert.equal(network.person(person.did), person)
      assert.equal(network.byHandle(person.handle), person)
      assert.match(person.handle, /\.test$/)
    }
  })

  test('has everything that can happen in the mix of everything', () => {
    const kinds = new Set(happen(networkOf(), 30_000).map(kindOf))
    assert.deepEqual([...kinds].sort(), [
      'account active',
      'account deactivated',
      'account deleted',
      'account takendown',
      'create app.bsky.actor.profile',
      'create app.bsky.feed.like',
      'create app.bsky.feed.post',
      'create app.bsky.feed.repost',
      'create app.bsky.graph.block',
      'create app.bsky.graph.follow',
      'delete app.bsky.feed.like',
      'delete app.bsky.feed.post',
      'delete app.bsky.feed.repost',
      'delete app.bsky.graph.block',
      'delete app.bsky.graph.follow',
      'identity',
      'sync',
      'update app.bsky.actor.profile',
      'update app.bsky.feed.post',
    ])
  })

  test('has nothing that happens to accounts in the mix of feeds', () => {
    const kinds = new Set(happen(networkOf({ mix: 'feed' }), 10_000).map(({ kind }) => kind))
    assert.deepEqual([...kinds], ['commit'])
  })

  test('has one happening a step, several operations of it at one time', () => {
    const network = networkOf()
    for (let n = 0; n < 2_000; n++) {
      const at = START + n * STEP
      assert.equal(network.now, at)
      for (const event of network.next()) assert.equal(event.at, at)
    }
    network.moveTo(START * 2, 7)
    assert.deepEqual(
      happen(network, 50).reduce((times, { at }) => times.add(at - START * 2), new Set<number>()),
      new Set(Array.from({ length: 50 }, (_, n) => n * 7)),
    )
  })

  for (const seed of [1, 2, 3]) {
    test(`has repositories that are what its events made of them (seed ${seed})`, () => {
      const network = networkOf({ seed })
      const recordsBy = new Map(network.people.map(({ did }) => [did, new Map<string, unknown>()]))
      for (const event of happen(network, 10_000)) {
        const records = recordsBy.get(event.did) ?? assert.fail(`nobody is ${event.did}`)
        if (event.kind === 'sync' || (event.kind === 'account' && event.status === 'deleted')) records.clear()
        if (event.kind !== 'commit') continue
        const path = `${event.collection}/${event.rkey}`
        if (event.op === 'delete') records.delete(path)
        else records.set(path, event.record)
      }
      for (const { did, records } of network.people) {
        assert.deepEqual(new Map([...records].sort()), new Map([...(recordsBy.get(did) ?? [])].sort()), did)
      }
    })

    test(`has revisions that only grow (seed ${seed})`, () => {
      const revs = new Map<Did, { rev: string; at: number }>()
      for (const event of happen(networkOf({ seed, actors: 8, step: 100 }), 6_000)) {
        if (event.kind !== 'commit' && event.kind !== 'sync') continue
        const { did, rev, at } = event
        const last = revs.get(did)
        // Operations of one commit share its revision and their time.
        assert.ok(last === undefined || rev > last.rev || (rev === last.rev && at === last.at), rev)
        revs.set(did, { rev, at })
      }
    })
  }

  for (const actors of [1, 2, 4, 5, 9]) {
    test(`of ${actors} goes on for as long as anybody likes`, () => {
      const network = networkOf({ actors })
      for (let n = 0; n < 5_000; n++) {
        assert.ok(network.next().length > 0)
        const away = network.people.filter(({ status }) => status !== 'active').length
        assert.ok(away * 5 <= actors, `${away} of ${actors} are away`)
      }
    })
  }

  test('goes on with the one who is left', () => {
    const network = networkOf({ actors: 2_000, mix: 'feed' })
    for (const person of network.people.slice(0, -1)) person.status = 'deactivated'
    const last = network.people.at(-1)?.did
    for (const { did } of happen(network, 200)) assert.equal(did, last)
  })

  test('in which nobody is there to act says so, rather than look for them for ever', () => {
    const network = networkOf()
    for (const person of network.people) person.status = 'deleted'
    assert.throws(() => network.next(), /somebody in it, found nobody/)
    assert.throws(() => networkOf({ actors: 0 }).next(), /somebody in it, found nobody/)
  })

  test('knows what its posts show, and those of others who are never seen', () => {
    const network = networkOf({ mix: 'feed' })
    const shown = new Map<string, number>()
    const authors = new Set(network.people.map(({ did }) => did))
    for (const event of happen(network, 5_000)) {
      if (event.kind !== 'commit' || event.collection !== 'app.bsky.feed.repost' || event.op !== 'create')
        continue
      const { uri } = (event.record as { subject: { uri: string } }).subject
      const media = network.subjectMedia(uri) ?? 'gone'
      const seen = [...authors].some((did) => uri.includes(did)) ? 'seen' : 'unseen'
      shown.set(`${media} ${seen}`, (shown.get(`${media} ${seen}`) ?? 0) + 1)
    }
    for (const media of ['text', 'media', 'alt']) {
      for (const seen of ['seen', 'unseen']) assert.ok(shown.get(`${media} ${seen}`), `${media} ${seen}`)
    }
    assert.equal(shown.get('gone unseen'), undefined)
  })
})
