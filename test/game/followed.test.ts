import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Did } from '../../src/atproto/event.ts'
import { EVERYBODY, type Followed, type Following, follow } from '../../src/game/followed.ts'
import { isHidden } from '../../src/game/state.ts'
import { FOLLOW, game, LIKE, POST } from './arbitrary.ts'
import { alice, bob, carol, commit, ledgerOf, second, status } from './operations.ts'

const collections = [POST, LIKE]
const all: Following = { dids: undefined, collections }
const only = (...dids: Did[]): Following => ({ dids, collections })

/** The gaps that each step records, with the stream's place at 1, 2, 3 and so on. */
function missedAt(...steps: Following[]) {
  let stored: Followed | undefined
  return steps.map((now, index) => {
    const { followed, missed } = follow(stored, now, index + 1)
    stored = followed
    return missed.map(({ names, from }) => [...names, from])
  })
}

test('who was never followed has missed nothing, and who is followed again has', () => {
  assert.deepEqual(missedAt(only(alice, bob), only(bob), only(bob, carol), only(alice, bob)), [
    [],
    [],
    [],
    [[alice, 2]],
  ])
  assert.deepEqual(missedAt(only(bob), all), [[], []])
})

test('a list in place of everybody leaves all others, who come back one by one or together', () => {
  assert.deepEqual(missedAt(all, only(bob), only(bob, alice), all, only(bob), all), [
    [],
    [],
    [[alice, 2]],
    [[EVERYBODY, 2]],
    [],
    [[EVERYBODY, 5]],
  ])
  const parted = missedAt(all, only(alice, bob), only(bob), all)
  assert.deepEqual(parted.at(-1), [
    [EVERYBODY, 2],
    [alice, 3],
  ])
})

test('a collection that is followed again has missed something, one that is new has not', () => {
  const wide = { ...all, collections: [...collections, FOLLOW] }
  assert.deepEqual(missedAt(wide, all, wide, wide), [[], [], [[FOLLOW, 2]], []])
  assert.deepEqual(missedAt(all, wide), [[], []])
})

test('what is remembered is who and what has gone, and since when, until it is back', () => {
  const left = (before: Followed | undefined, now: Following, at: number | undefined) =>
    follow(before, now, at).followed.left
  const of = (following: Following, gone: Followed['left'] = {}): Followed => ({ ...following, left: gone })
  const wide = { ...all, collections: [...collections, FOLLOW] }
  assert.deepEqual(left(undefined, all, undefined), {})
  assert.deepEqual(left(undefined, only(alice), 5), {})
  assert.deepEqual(left(of(all, { [FOLLOW]: 3 }), all, undefined), { [FOLLOW]: 3 })
  // Who and what stays has not gone.
  assert.deepEqual(left(of(all), all, 5), {})
  assert.deepEqual(left(of(only(alice, bob)), only(bob), 5), { [alice]: 5 })
  assert.deepEqual(left(of(only(alice)), all, 5), {})
  assert.deepEqual(left(of(all), only(alice), 5), { [EVERYBODY]: 5 })
  assert.deepEqual(left(of(wide), all, 5), { [FOLLOW]: 5 })
  // Who is back is not missed any more, and is no reason to think that collections are.
  assert.deepEqual(left(of(only(bob), { [alice]: 3 }), only(alice, bob), 5), {})
  assert.deepEqual(left(of(all, { [FOLLOW]: 3 }), wide, 5), {})
  const back = follow(of(only(bob), { [FOLLOW]: 3, [alice]: 4 }), all, 5)
  assert.deepEqual(back.followed.left, { [FOLLOW]: 3 })
  assert.deepEqual(back.missed, [{ what: 'DIDS', names: [alice], from: 4 }])
})

test('a collection that left and is back at the same place has missed nothing', () => {
  const wide = { ...all, collections: [...collections, FOLLOW] }
  const gone: Followed = { ...all, left: { [FOLLOW]: 5 } }
  assert.deepEqual(follow(gone, wide, 5).missed, [])
  assert.deepEqual(follow(gone, wide, 6).missed, [{ what: 'collections', names: [FOLLOW], from: 5 }])
})

test('those who have been missing since the same moment share one gap', () => {
  const [first] = missedAt(only(alice, bob, carol), only(carol), only(alice, bob, carol)).at(-1) ?? []
  assert.deepEqual(first, [alice, bob, 2])
})

test('nothing was missed where the stream stood still, or has not begun', () => {
  const before = follow(undefined, only(alice, bob), 5).followed
  const { followed } = follow(before, only(bob), 5)
  assert.deepEqual(follow(followed, only(alice, bob), 5).missed, [])
  assert.deepEqual(follow(followed, only(alice, bob), undefined).missed, [])
  assert.deepEqual(follow(followed, only(alice, bob), 6).missed, [{ what: 'DIDS', names: [alice], from: 5 }])
})

test('who is not followed any more is hidden with all that is held, and shown again when they are', () => {
  const turn = (followed: boolean, did = alice) => ({ kind: 'follow', did, at: second(9), followed }) as const
  const ledger = ledgerOf([commit({ n: 1 }), turn(false)])
  const isShown = () => !isHidden(ledger.actor(alice) ?? assert.fail())
  assert.deepEqual([isShown(), ledger.actor(alice)?.experience], [false, 50])
  assert.equal(ledger.fold(game, [turn(false)]).outcomes.repeated, 1)
  ledger.fold(game, [status(10, 'deactivated'), turn(true)])
  assert.equal(isShown(), false, 'who is away stays so')
  ledger.fold(game, [status(11, 'active')])
  assert.equal(isShown(), true)
  assert.equal(
    ledger.fold(game, [turn(true), turn(false, bob)]).actors.size,
    0,
    'strangers are not made known',
  )
})

test('who is forgotten, or has left, is not followed by that', () => {
  const unfollowed = { kind: 'follow', did: alice, at: second(2), followed: false } as const
  const wish = { wish: '1', did: alice, at: second(3) }
  const forgotten = ledgerOf([commit({ n: 1 }), unfollowed, { kind: 'forget', ...wish }])
  forgotten.fold(game, [{ kind: 'unforget', ...wish, floor: commit({ n: 3 }).rev }])
  const left = ledgerOf([commit({ n: 1 }), unfollowed, status(3, 'deleted')])
  assert.deepEqual([forgotten.actor(alice)?.unfollowed, left.actor(alice)?.unfollowed], [true, true])
})
