import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AccountStatus, StreamEvent } from '../../src/atproto/event.ts'
import { isHidden } from '../../src/game/state.ts'
import type { MemoryLedger } from '../memory-ledger.ts'
import { cut, game, tid } from './arbitrary.ts'
import { alice, commit, ledgerOf, removal, second, status } from './operations.ts'

const isShown = (ledger: MemoryLedger): boolean => {
  const actor = ledger.actor(alice)
  return actor !== undefined && !isHidden(actor)
}

test('of statuses with one time the last in the stream holds, also after a replay', () => {
  const away = status(2, 'deactivated', 5)
  const back = status(3, 'active', 5)
  const ledger = ledgerOf([commit({ n: 1 }), away, back])
  assert.equal(isShown(ledger), true)
  ledger.fold(game, [away, back])
  assert.equal(isShown(ledger), true)
  const other = ledgerOf([commit({ n: 1 }), back, away])
  assert.equal(isShown(other), false)
  const { outcomes } = other.fold(game, [away])
  assert.equal(outcomes.repeated, 1, 'the same once more is no news')
})

test('a deletion purges once, also where other statuses share its time and a host witnessed it later', () => {
  const gone = status(2, 'deleted', 5)
  const back = status(3, 'active', 5)
  const ledger = ledgerOf([commit({ n: 1 }), gone, back, commit({ n: 4 })])
  assert.equal(ledger.actor(alice)?.experience, 50)
  const later = 7_000_000
  ledger.fold(game, [
    { ...gone, at: gone.at + later },
    { ...back, at: back.at + later },
  ])
  assert.equal(ledger.actor(alice)?.experience, 50)
  assert.equal(isShown(ledger), true)
  // One that is really newer does.
  ledger.fold(game, [status(8, 'deleted', 6)])
  assert.equal(ledger.actor(alice)?.experience, 0)
  assert.deepEqual(ledger.records(alice), [])
})

test('a deletion at the very beginning of time purges, too', () => {
  const gone: StreamEvent = { kind: 'account', did: alice, at: second(2), time: 0, status: 'deleted' }
  const ledger = ledgerOf([commit({ n: 1 }), gone])
  assert.deepEqual([ledger.actor(alice)?.born, ledger.records(alice)], [false, []])
})

test('an older deletion does not purge who is back, nor does one purge who is forgotten', () => {
  const ledger = ledgerOf([commit({ n: 1 }), status(3, 'deactivated'), status(4, 'deleted', 2)])
  assert.deepEqual([ledger.actor(alice)?.status, ledger.actor(alice)?.experience], ['deactivated', 50])
  ledger.fold(game, [{ kind: 'forget', wish: '1', did: alice, at: second(5) }])
  const { actors } = ledger.fold(game, [status(6, 'deleted')])
  assert.equal(actors.get(alice)?.purge, false)
})

test('statuses in any order and with any times, replayed from anywhere, end the same and keep what came last', () => {
  const values: AccountStatus[] = ['active', 'deleted', 'deactivated', 'takendown']
  const step = fc.record({
    value: fc.option(fc.constantFrom(...values)),
    ticks: fc.boolean(),
    skew: fc.nat(3),
  })
  const begins = fc.array(fc.record({ from: fc.nat(30), to: fc.nat(30), skew: fc.nat(9) }), { maxLength: 4 })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), begins, fc.array(fc.nat(5)), (steps, replays, sizes) => {
      let clock = 0
      const events: StreamEvent[] = [commit({ n: 1 })]
      for (const [index, { value, ticks }] of steps.entries()) {
        const n = index + 2
        if (ticks) clock = n
        events.push(value === null ? commit({ n }) : status(n, value, clock))
      }
      const straight = ledgerOf(events)
      const other = ledgerOf([])
      // After a crash the stream begins somewhere before where it was, maybe on a host that witnessed all of it later.
      let reached = 0
      for (const { from, to, skew } of replays) {
        const begin = Math.min(from, reached)
        const end = Math.max(begin, Math.min(to, events.length))
        for (const event of events.slice(begin, end)) other.fold(game, [shifted(event, skew)])
        reached = Math.max(reached, end)
      }
      for (const piece of cut(events, sizes)) other.fold(game, piece)
      other.assertBalanced()
      assert.deepEqual(outline(other), outline(straight))
      const last = events.findLast((event) => event.kind === 'account')
      if (last?.kind === 'account') assert.equal(other.actor(alice)?.status, last.status)
      const deleted = events.findLastIndex(
        (event, index) =>
          event.kind === 'account' &&
          event.status === 'deleted' &&
          !events
            .slice(0, index)
            .some((e) => e.kind === 'account' && e.status === 'deleted' && e.time >= event.time),
      )
      const kept = events.slice(deleted + 1).filter(({ kind }) => kind === 'commit')
      assert.equal(other.actor(alice)?.experience ?? 0, kept.length * 50)
    }),
    { numRuns: 500 },
  )
})

test('what was replaced before an account was deleted is asked no more', () => {
  const sync = (n: number): StreamEvent => ({ kind: 'sync', did: alice, at: second(n), rev: tid(n) })
  const ledger = ledgerOf([
    commit({ n: 1 }),
    commit({ n: 5 }),
    status(6, 'deleted'),
    status(7, 'active'),
    commit({ n: 8 }),
  ])
  const asks = (n: number) => {
    const { actors, outcomes } = ledger.fold(game, [sync(n)])
    const asked = actors.get(alice)?.asked.some(({ kind }) => kind === 'repository') ?? false
    return [asked, outcomes.repeated]
  }
  assert.deepEqual(asks(4), [false, 1])
  assert.deepEqual(asks(5), [false, 1], 'the floor itself is what was purged')
  assert.deepEqual(asks(6), [true, 0])
})

test('the floor after a deletion is the newest revision of all, in whatever order they came', () => {
  // A repository that is sent anew brings what is old after what is new.
  const ledger = ledgerOf([
    commit({ n: 5 }),
    commit({ n: 3 }),
    removal(4, commit({ n: 3 })),
    status(6, 'deleted'),
  ])
  assert.equal(ledger.actor(alice)?.floor, tid(5))
  ledger.fold(game, [status(7, 'active'), commit({ n: 4 }), commit({ n: 5 })])
  assert.equal(ledger.actor(alice)?.experience, 0)
  ledger.fold(game, [commit({ n: 6 })])
  assert.equal(ledger.actor(alice)?.experience, 50)
})

function shifted(event: StreamEvent, seconds: number): StreamEvent {
  return { ...event, at: event.at + seconds * 1_000_000 }
}

/** The part of a person's state that witness times do not change. */
function outline(ledger: MemoryLedger) {
  const actor = ledger.actor(alice)
  return {
    records: ledger.records(alice).map(([{ rkey }, { live, xp, rev }]) => [rkey, live, xp, rev]),
    actor: actor && [actor.status, actor.born, actor.experience, actor.floor, actor.rev],
  }
}
