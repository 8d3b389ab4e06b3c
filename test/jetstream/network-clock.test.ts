import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createRaw } from '@atcute/tid'
import fc from 'fast-check'
import type { AccountEvent, CommitEvent, Cursor, Did, Micros, StreamEvent } from '../../src/atproto/event.ts'
import { NetworkClock } from '../../src/jetstream/network-clock.ts'
import { person } from '../game/arbitrary.ts'
import { ManualClock } from './manual-clock.ts'
import { ALICE, LIKE } from './messages.ts'

const SECOND: Micros = 1_000_000
const HOUR = 3_600 * SECOND
const YEAR = 365 * 24 * HOUR

/** A machine's clock, its `NetworkClock`, and the true time. */
function machine({ wrongBy = 0 } = {}) {
  const clock = new ManualClock()
  let wrong = 0
  const set = (by: Micros): void => {
    wrong += by
    clock.set(by / 1_000)
  }
  set(wrongBy)
  const network = new NetworkClock(clock)
  return { clock, network, set, truth: () => clock.now() * 1_000 - wrong }
}

/** A like that was witnessed at `at`; `rev` has the time by its author's server. */
function like(at: Micros, { did = ALICE, rev = at }: { did?: Did; rev?: Micros } = {}): CommitEvent {
  const tid = createRaw(rev, 1) as CommitEvent['rev']
  return { kind: 'commit', did, at, rev: tid, op: 'create', collection: LIKE, rkey: tid, record: {} }
}

function account(at: Micros, time = at): AccountEvent {
  return { kind: 'account', did: ALICE, at, time, status: 'deactivated' }
}

/** Likes of many people, a tenth of a second apart, that tell the time right. */
function* liveLikes({ clock, truth }: ReturnType<typeof machine>, count: number): Generator<CommitEvent> {
  for (let n = 0; n < count; n++) {
    clock.pass(100)
    yield like(truth(), { did: person(n % 8) })
  }
}

function dated(network: NetworkClock, event: StreamEvent): Micros | undefined {
  return network.date(event)?.event.at
}

suite('the time that an event claims', () => {
  test('is believed from the beginning of the protocol to a minute ahead of our clock', () => {
    const { network, truth } = machine()
    for (const at of [Date.UTC(2020, 0) * 1_000, truth() - YEAR, truth(), truth() + 60 * SECOND]) {
      assert.deepEqual(network.date(like(at)), { event: like(at), misdated: false, at })
    }
  })

  test('from before the protocol is refused', () => {
    const { network } = machine()
    for (const at of [0, 5, Date.UTC(2020, 0) * 1_000 - 1]) assert.equal(network.date(like(at)), undefined)
  })

  for (const [name, ahead] of [
    ['two hours', 2 * HOUR],
    ['fourteen years', 14 * YEAR],
    ['as long as a number holds', Number.MAX_SAFE_INTEGER - 1_770_000_000_000_000],
  ] as const) {
    test(`from ${name} ahead is that of the neighbour before it, and of what passed since`, () => {
      const { clock, network, truth } = machine()
      const neighbour = truth() - 7 * HOUR
      network.date(like(neighbour))
      clock.pass(3)
      const event = account(truth() + ahead)
      const at = neighbour + 3_000
      assert.deepEqual(network.date(event), { event: { ...event, at, time: at }, misdated: true, at })
      assert.equal(network.now(), truth())
      assert.equal(network.ahead, 0)
    })
  }

  test('has the place where the connection began for a neighbour, and our clock where there is none', () => {
    const { network, truth } = machine()
    network.begin(truth() - HOUR)
    assert.equal(dated(network, like(truth() + YEAR)), truth() - HOUR)
    network.begin(undefined)
    for (let n = 0; n < 2; n++) {
      const event = like(truth() + YEAR)
      const expected = { event: { ...event, at: truth() }, misdated: true, at: undefined }
      assert.deepEqual(network.date(event), expected, 'which says nothing of how far the stream is')
    }
  })

  test("leaves an account's own time where it lies before", () => {
    const { network, truth } = machine()
    network.date(like(truth()))
    const event = network.date(account(truth() + YEAR, truth() - HOUR))?.event
    assert.deepEqual(event, account(truth(), truth() - HOUR))
  })

  test('cannot be pushed ahead step by step', () => {
    const { network, truth } = machine()
    for (let n = 1; n < 1_000; n++) network.date(like(truth() + n * 50 * SECOND, { rev: truth() }))
    assert.equal(network.now(), truth() + 50 * SECOND)
  })
})

suite('a clock of ours that is wrong', () => {
  test('makes no difference where it is set back while the stream runs', () => {
    const here = machine()
    const { network } = here
    for (const event of liveLikes(here, 5)) network.date(event)
    here.set(-HOUR)
    for (const event of liveLikes(here, 5))
      assert.deepEqual(network.date(event), { event, misdated: false, at: event.at })
    assert.equal(network.now(), here.truth())
    assert.equal(network.ahead, HOUR)
    assert.equal(dated(network, like(here.truth() + 2 * HOUR)), here.truth(), 'others are still found out')
  })

  for (const [name, wrongBy] of [
    ['an hour', -HOUR],
    ['fifty years', -50 * YEAR],
  ] as const) {
    test(`is overruled ${name} back at the start, once enough people's own servers say so`, () => {
      const here = machine({ wrongBy })
      const { network } = here
      const answers = [...liveLikes(here, 40)].map((event) => network.date(event))
      assert.ok(answers.slice(20).every((answer) => answer?.misdated === false))
      assert.ok(Math.abs(network.now() - here.truth()) < 3 * SECOND)
      assert.ok(Math.abs(network.ahead + wrongBy) < 3 * SECOND)
    })
  }

  test('is not overruled by a host whose people say otherwise', () => {
    const here = machine()
    for (const event of liveLikes(here, 200)) {
      const answer = here.network.date({ ...event, at: event.at + 2 * HOUR })
      assert.equal(answer?.misdated, true)
    }
    assert.equal(here.network.now(), here.truth())
  })

  test('is not overruled by few people, nor by some among others', () => {
    const here = machine()
    const { network } = here
    let n = 0
    for (const event of liveLikes(here, 400)) {
      n += 1
      network.date(like(here.truth() + 2 * HOUR, { did: person(n % 4) }))
      if (n > 200 && n % 8 === 1) network.date(event)
      if (n > 200) network.date(like(here.truth() + 2 * HOUR, { did: person(n % 8) }))
    }
    assert.equal(network.now(), here.truth())
  })

  test('never makes the network run backwards, whatever comes and whatever it is set to', () => {
    const step = fc.oneof(
      fc.record({ pass: fc.nat(10_000) }),
      fc.record({ set: fc.integer({ min: -10 * HOUR, max: 0 }) }),
      fc.record({ at: fc.integer({ min: -YEAR, max: YEAR }), did: fc.nat(7) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { clock, network, set, truth } = machine()
        // One event fixes the time; before, there is nothing but our clock.
        network.date(like(truth()))
        let last = network.now()
        for (const { pass = 0, set: by = 0, at, did = 0 } of steps as {
          pass?: number
          set?: number
          at?: number
          did?: number
        }[]) {
          clock.pass(pass)
          set(by)
          if (at !== undefined) network.date(like(truth() + at, { did: person(did) }))
          assert.ok(network.now() >= last - 1)
          last = network.now()
        }
      }),
    )
  })
})

suite('a place that was saved', () => {
  const v1 = (at: Micros, value = at): Cursor => ({ host: 'a', wire: 'v1', value, at })
  const v2 = (at: Micros): Cursor => ({ host: 'a', wire: 'v2', value: 700, at })
  const MINUTE = 60 * SECOND

  test('is believed where it is not ahead', () => {
    const { network, truth } = machine()
    for (const at of [truth() - YEAR, truth() + MINUTE])
      assert.deepEqual(network.place(v1(at), undefined), v1(at))
  })

  test('from a time to come is where the ledger was last fed, and keeps the number that its host knows', () => {
    const { network, truth } = machine()
    const heard = truth() - HOUR
    for (const at of [truth() + 2 * HOUR, Number.MAX_SAFE_INTEGER]) {
      assert.deepEqual(network.place(v1(at), heard), v1(heard - MINUTE))
      assert.deepEqual(network.place(v2(at), heard), v2(heard - MINUTE))
      assert.deepEqual(network.place(v2(at), undefined), v2(truth() - MINUTE))
    }
  })

  test('tells what time it is where only our clock is against it', () => {
    const { network, truth } = machine({ wrongBy: -50 * YEAR })
    const cursor = v1(truth() - HOUR)
    assert.deepEqual(network.place(cursor, truth() - HOUR), cursor)
    assert.equal(network.now(), truth() - HOUR)
    assert.equal(network.date(like(truth() - HOUR))?.misdated, false)
  })

  test('is believed from then on, though it was moved, where our clock was set back to before the last heartbeat', () => {
    const { network, truth } = machine({ wrongBy: -HOUR })
    // A heartbeat came late: the place is further than it says.
    const [heard, saved] = [truth() - 2 * MINUTE, v2(truth())]
    const cursor = network.place(saved, heard)
    assert.deepEqual(cursor, v2(heard - MINUTE))
    assert.deepEqual(network.place(cursor, undefined), cursor)
    network.begin(cursor.at)
    const dated = network.date(like(truth()))
    assert.equal(dated?.event.at, heard - MINUTE)
    // What happened since the heartbeat is not ahead of it.
    assert.equal(network.date(like(heard + SECOND))?.event.at, heard + SECOND)
  })

  test('is where it is, however often it is looked at', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -2 * HOUR, max: 2 * HOUR }),
        fc.integer({ min: -3 * HOUR, max: 3 * HOUR }),
        fc.option(fc.integer({ min: -3 * HOUR, max: 3 * HOUR }), { nil: undefined }),
        (wrongBy, at, heard) => {
          const { network, truth } = machine({ wrongBy })
          const first = network.place(v2(truth() + at), heard === undefined ? undefined : truth() + heard)
          assert.deepEqual(network.place(first, undefined), first)
        },
      ),
    )
  })
})
