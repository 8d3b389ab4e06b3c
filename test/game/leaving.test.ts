// What people ask for themselves: to be hidden, to have everything deleted, and to take that back.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Did, StreamEvent } from '../../src/atproto/event.ts'
import type { Operation, Wish } from '../../src/game/operation.ts'
import { isErased, isHidden } from '../../src/game/state.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { asking, game, longStream, person, tid } from './arbitrary.ts'
import { alice, bob, commit, DESCRIBED, ledgerOf, repost, second, status } from './operations.ts'

type Kind = Exclude<Wish['kind'], 'cancel-import'>
const wish = (kind: Kind, n: number, did: Did = alice, floor = tid(n)): Operation => {
  const about = { wish: `${n}`, did, at: second(n) }
  return kind === 'return' || kind === 'unforget' ? { kind, ...about, floor } : { kind, ...about }
}
/** The newest revision of `did` in `events`: what is deleted up to their end is deleted up to here. */
const newestRev = (events: readonly StreamEvent[], did: Did): string =>
  events.reduce(
    (rev, event) => (event.kind === 'commit' && event.did === did && event.rev > rev ? event.rev : rev),
    tid(0),
  )
const isShown = (ledger: MemoryLedger, did: Did = alice): boolean => {
  const actor = ledger.actor(did)
  return actor?.born === true && !isHidden(actor)
}

suite('who hides', () => {
  test('is not shown, goes on earning, and is shown with all of it when they return', () => {
    const ledger = ledgerOf([commit({ n: 1 }), wish('hide', 2), commit({ n: 3 })])
    assert.deepEqual([isShown(ledger), ledger.actor(alice)?.experience], [false, 100])
    ledger.fold(game, [wish('return', 4)])
    assert.deepEqual([isShown(ledger), ledger.actor(alice)?.experience], [true, 100])
    // Nothing from before is stale.
    ledger.fold(game, [commit({ n: 3, rkey: tid(9) }), commit({ n: 5 })])
    assert.equal(ledger.actor(alice)?.experience, 200)
  })

  test('before they have done anything, is hidden from the first record on', () => {
    const ledger = ledgerOf([wish('hide', 1), commit({ n: 2 })])
    assert.deepEqual([ledger.actor(alice)?.born, isShown(ledger)], [true, false])
  })

  test('stays hidden through a deletion of the account, an answer, a list of DIDs and a recompute', () => {
    const ledger = ledgerOf([commit({ n: 1 }), wish('hide', 2), status(3, 'deleted'), status(4, 'active')])
    const profile = { handle: undefined, displayName: undefined, avatar: undefined, asked: second(6) }
    const about = { did: alice, at: second(6) }
    ledger.fold(game, [
      commit({ n: 5 }),
      { kind: 'profile-answer', question: '1', tries: 0, ...about, profile, optedOut: false, postsCount: 0 },
      { kind: 'follow', ...about, followed: false },
      { kind: 'follow', ...about, followed: true },
      { kind: 'recompute', ...about },
    ])
    assert.deepEqual([ledger.actor(alice)?.experience, isShown(ledger)], [50, false])
  })
})

suite('who leaves', () => {
  test('leaves nothing, is named by nobody, and counts again only from when they return', () => {
    const ledger = ledgerOf([commit({ n: 1, record: DESCRIBED }), repost(2, alice, 1, { did: bob })])
    ledger.fold(game, [wish('leave', 3)])
    ledger.fold(game, [commit({ n: 1 }), commit({ n: 4 }), repost(5, alice, 1, { did: bob })])
    assert.deepEqual(
      [ledger.records(alice), ledger.actor(alice)?.experience, isShown(ledger)],
      [[], 0, false],
    )
    for (const [, state] of ledger.records(bob)) assert.equal(state.facts?.subject, undefined)
    assert.equal(ledger.actor(bob)?.experience, 70 + 50)
    ledger.fold(game, [wish('return', 6), commit({ n: 1 }), commit({ n: 4 }), commit({ n: 7 })])
    assert.deepEqual([ledger.actor(alice)?.experience, isShown(ledger)], [50, true])
    ledger.assertBalanced()
  })

  test('is not brought back by a deletion of the account and its return', () => {
    const ledger = ledgerOf([commit({ n: 1 }), wish('leave', 2), status(3, 'deleted'), status(4, 'active')])
    ledger.fold(game, [commit({ n: 5 })])
    assert.deepEqual([ledger.actor(alice)?.left, ledger.records(alice), ledger.questions], [true, [], []])
  })

  test('in the batch that names them is named by nothing in it', () => {
    const ledger = new MemoryLedger()
    ledger.fold(game, [
      commit({ n: 1 }),
      repost(2, alice, 1, { did: bob }),
      wish('leave', 3),
      repost(4, alice, 1, { did: bob }),
    ])
    for (const [, state] of ledger.records(bob)) assert.equal(state.facts?.subject, undefined)
  })

  test('is not hidden besides', () => {
    const ledger = ledgerOf([commit({ n: 1 }), wish('hide', 2), wish('leave', 3)])
    assert.deepEqual([ledger.actor(alice)?.hidden, ledger.actor(alice)?.left], [false, true])
  })

  test('must be introduced anew when they return', () => {
    const ledger = ledgerOf([commit({ n: 1 }), wish('leave', 2), wish('return', 3), commit({ n: 4 })], asking)
    assert.deepEqual([ledger.actor(alice)?.introduced, isShown(ledger)], [false, false])
    assert.deepEqual(
      ledger.questions.map(({ kind, did }) => [kind, did]),
      [['profile', alice]],
    )
  })
})

suite('the operator and the person', () => {
  test('a person cannot take back what the operator was asked to forget', () => {
    for (const own of ['hide', 'leave'] as const) {
      const ledger = ledgerOf([commit({ n: 1 }), wish(own, 2), wish('forget', 3), wish('return', 4)])
      ledger.fold(game, [commit({ n: 5 })])
      assert.deepEqual([isShown(ledger), ledger.records(alice)], [false, []])
      ledger.fold(game, [wish('unforget', 6), commit({ n: 7 })])
      assert.equal(isShown(ledger), true)
    }
  })

  test('an operator who unforgets somebody does not undo what they asked for themselves', () => {
    for (const own of ['hide', 'leave'] as const) {
      const ledger = ledgerOf([commit({ n: 1 }), wish(own, 2), wish('forget', 3), wish('unforget', 4)])
      ledger.fold(game, [commit({ n: 5 })])
      assert.equal(isShown(ledger), false)
      assert.equal(ledger.records(alice).length, own === 'hide' ? 1 : 0)
    }
  })
})

/** Where in a stream, of `length` events, somebody makes a wish. */
const wishes = (kinds: readonly Kind[]) =>
  fc.array(fc.record({ at: fc.nat({ max: 60 }), who: fc.nat({ max: 3 }), kind: fc.constantFrom(...kinds) }), {
    maxLength: 6,
  })

test('hiding and returning, at whatever moments, change nothing but who is shown meanwhile', () => {
  const people = [0, 1, 2, 3].map(person)
  // Of those who have done nothing yet, only a wish makes a row.
  const before = people.map((did) => commit({ n: 0, did, rkey: 'first' }))
  fc.assert(
    fc.property(longStream, wishes(['hide', 'return']), (events, asked) => {
      const plain = ledgerOf([...before, ...events])
      const ledger = ledgerOf(before)
      for (const [n, event] of events.entries()) {
        for (const { at, who, kind } of asked) if (at === n) ledger.fold(game, [wish(kind, n, person(who))])
        ledger.fold(game, [event])
      }
      for (const did of people) ledger.fold(game, [wish('return', 99, did)])
      assert.deepEqual(ledger.actors, plain.actors)
      assert.deepEqual([ledger.stored, ledger.events], [plain.stored, plain.events])
    }),
  )
})

test('who has left is in the ledger with nothing, whatever is sent, in whatever batches, and again', () => {
  fc.assert(
    fc.property(longStream, wishes(['hide', 'leave', 'return', 'forget', 'unforget']), (events, asked) => {
      const ledger = new MemoryLedger()
      const happened: Operation[] = []
      const happens = (operation: Operation): void => {
        happened.push(operation)
        ledger.fold(game, [operation])
        for (const [did, actor] of ledger.actors) {
          if (!isErased(actor)) continue
          assert.deepEqual([ledger.records(did), actor.experience, actor.born], [[], 0, false])
          assert.ok(ledger.events.every((event) => event.did !== did))
          for (const [, [, { facts }]] of ledger.stored) assert.notEqual(facts?.subject?.did, did)
        }
        ledger.assertBalanced()
      }
      for (const [n, event] of events.entries()) {
        for (const { at, who, kind } of asked) {
          const did = person(who)
          if (at === n) happens(wish(kind, n, did, newestRev(events.slice(0, n), did)))
        }
        happens(event)
      }
      // Folded at once, they make the same ledger.
      const together = new MemoryLedger()
      together.fold(game, happened)
      assert.deepEqual(together.actors, ledger.actors)
      const byPerson = ({ events }: MemoryLedger) => Map.groupBy(events, ({ did }) => did)
      assert.deepEqual(byPerson(together), byPerson(ledger))
      // The stream repeats everything; nobody repeats a wish.
      const away = [...ledger.actors.values()].filter(isHidden).map(({ did }) => did)
      ledger.fold(game, events)
      for (const did of away) assert.equal(isShown(ledger, did), false)
    }),
  )
})
