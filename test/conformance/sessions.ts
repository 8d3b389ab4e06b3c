import assert from 'node:assert/strict'
import { START } from '../game/arbitrary.ts'
import { type Check, check } from './check.ts'
import { alice, bob, fold, like, NOW, named, post, status } from './operations.ts'

/** Checks what the API keeps of people who sign in, and what they see of themselves. */
export const sessionsChecks: readonly Check[] = [
  check('who signs in is signed in until they sign out, or it expires', async ({ sessions }, _, open) => {
    await sessions.signIn({ did: alice, id: 'a', until: NOW + 100 }, NOW)
    await sessions.signIn({ did: alice, id: 'b', until: NOW + 200 }, NOW)
    await sessions.signIn({ did: bob, id: 'c', until: NOW + 200 }, NOW)
    const who = async (now: number) => {
      const asked = [
        [alice, 'a'],
        [alice, 'b'],
        [bob, 'c'],
        [bob, 'a'],
        [alice, 'd'],
      ] as const
      return Promise.all(asked.map(([did, id]) => sessions.isSignedIn(did, id, now)))
    }
    assert.deepEqual(await who(NOW), [true, true, true, false, false])
    assert.deepEqual(await who(NOW + 99), [true, true, true, false, false])
    assert.deepEqual(await who(NOW + 100), [false, true, true, false, false])
    await using again = await open()
    assert.equal(await again.sessions.isSignedIn(alice, 'b', NOW), true)
    await again.sessions.signOut(alice, 'b')
    await again.sessions.signOut(alice, 'never')
    assert.deepEqual(await who(NOW), [true, false, true, false, false])
    await sessions.signOutEverywhere(alice)
    assert.deepEqual(await who(NOW), [false, false, true, false, false])
    await sessions.signIn({ did: alice, id: 'e', until: NOW + 100 }, NOW)
    assert.equal(await again.sessions.isSignedIn(alice, 'e', NOW), true)
  }),
  check('a sign-in that has begun is finished once, by any process, in time', async (store, _, open) => {
    const { sessions } = store
    const pending = { text: '{"secret":"\u00fc"}', until: NOW + 600 }
    await sessions.begin({ id: 'a', ...pending }, NOW)
    await sessions.begin({ id: 'b', ...pending }, NOW)
    await using again = await open()
    assert.equal(await again.sessions.finish('a', NOW + 599), pending.text)
    assert.equal(await sessions.finish('a', NOW), undefined)
    assert.equal(await sessions.finish('never', NOW), undefined)
    assert.equal(await sessions.finish('b', NOW + 600), undefined)
  }),
  check('all processes have one key, which the first of them made', async ({ sessions }, _, open) => {
    await using again = await open()
    const keys = await Promise.all(
      ['first', 'second', 'third'].map((name, n) =>
        (n % 2 ? again : { sessions }).sessions.key(async () => name),
      ),
    )
    assert.equal(new Set(keys).size, 1)
    const made = async (): Promise<string> => assert.fail('another key was made')
    assert.equal(await again.sessions.key(made), keys[0])
  }),
  check('people see of themselves what nobody else may see', async ({ reader, inbox }, writer) => {
    assert.equal(await reader.own(alice), undefined)
    await fold(writer, [post(alice, 1), like(alice, 2), named(alice, 'alice.test')])
    const shown = {
      born: true,
      status: 'active',
      optedOut: false,
      introduced: true,
      forgotten: false,
      hidden: false,
      left: false,
      unfollowed: false,
    } as const
    const { did, profile, experience, counts, ...visibility } = (await reader.own(alice)) ?? assert.fail()
    assert.deepEqual([did, profile?.handle, experience], [alice, 'alice.test', 60])
    assert.deepEqual([...counts.values()].sort(), [1, 1])
    assert.deepEqual(visibility, shown)
    await inbox.leave({ kind: 'hide', did: alice, at: START })
    await fold(writer, await writer.wishes(10))
    await fold(writer, [status(alice, 'deactivated', 5)])
    const hidden = (await reader.own(alice)) ?? assert.fail()
    assert.deepEqual([hidden.hidden, hidden.status, hidden.experience], [true, 'deactivated', 60])
    await inbox.leave({ kind: 'leave', did: alice, at: START })
    await inbox.leave({ kind: 'leave', did: bob, at: START })
    await fold(writer, await writer.wishes(10))
    for (const one of [alice, bob]) {
      const left = (await reader.own(one)) ?? assert.fail()
      assert.deepEqual(
        [left.left, left.hidden, left.born, left.profile, left.experience, left.counts.size],
        [true, false, false, undefined, 0, 0],
      )
    }
  }),
]
