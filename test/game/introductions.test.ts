// Who is shown: by their own profile record or the AppView's answer, and nobody before there is either.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { AccountEvent, CommitEvent, Handle } from '../../src/atproto/event.ts'
import { PROFILE } from '../../src/atproto/profile.ts'
import type { Operation } from '../../src/game/operation.ts'
import type { QuestionKind } from '../../src/game/question.ts'
import { isHidden, type Outcome } from '../../src/game/state.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { asking, game, POST, REPOST, START, tid } from './arbitrary.ts'
import { alice, bob, DESCRIBED, identity } from './operations.ts'

const DAY = 86_400
const LABELS = { values: [{ val: '!no-unauthenticated' }] }

function post(n: number, did = alice, record: CommitEvent['record'] = {}): CommitEvent {
  const at = START + n * 1e6
  return { kind: 'commit', did, at, rev: tid(n), op: 'create', collection: POST, rkey: tid(n), record }
}
const repost = (n: number, of: number): CommitEvent => {
  return { ...post(n), collection: REPOST, record: { subject: { uri: `at://${bob}/${POST}/${tid(of)}` } } }
}
const profile = (n: number, hides: boolean, more: Partial<CommitEvent> = {}): CommitEvent => {
  const record = hides ? { labels: LABELS } : { labels: { values: 'none' } }
  return { ...post(n), op: 'update', collection: PROFILE, rkey: 'self', record, ...more }
}
const account = (n: number, status: AccountEvent['status']): AccountEvent => {
  return { kind: 'account', did: alice, at: START + n * 1e6, time: START + n * 1e6, status }
}

/** A ledger whose open questions a test can read and answer. */
class Story extends MemoryLedger {
  constructor(...operations: Operation[]) {
    super()
    for (const operation of operations) this.happens(operation)
  }

  happens(operation: Operation): Outcome {
    const { outcomes } = this.fold(asking, [operation])
    const [outcome] = Object.entries(outcomes).find(([, n]) => n > 0) ?? []
    return outcome as Outcome
  }

  open(kind: QuestionKind) {
    const [question, ...more] = this.questions.filter((open) => open.kind === kind && open.did === alice)
    assert.deepEqual(more, [])
    return question
  }

  /** The AppView answers the question about `alice`, or omits her. */
  appview(
    n: number,
    says: { handle?: Handle | undefined; optedOut?: boolean; did?: typeof alice } | undefined,
    question = this.open('profile'),
  ): Outcome {
    const at = START + n * 1e6
    const { handle = 'alice.test', optedOut = false, did = alice } = says ?? {}
    const name = says !== undefined && 'handle' in says ? says.handle : handle
    const view = { handle: name, displayName: 'Alice', avatar: undefined, asked: at }
    return this.happens({
      kind: 'profile-answer',
      question: question?.id ?? '0',
      tries: question?.tries ?? 0,
      did,
      at,
      profile: says && view,
      optedOut,
      postsCount: 0,
    })
  }

  get hidden(): boolean {
    const actor = this.actor(alice)
    return actor === undefined || isHidden(actor)
  }
}

suite('a character', () => {
  test('counts from the first event on, and is shown once somebody has said who this is', () => {
    const story = new Story(post(1))
    assert.deepEqual([story.hidden, story.actor(alice)?.experience], [true, 50])
    story.appview(2, {})
    assert.equal(story.hidden, false)
    assert.equal(story.open('profile'), undefined)
  })

  test('that the AppView leaves out is asked for again, later each time, and shown once it is known', () => {
    const story = new Story(post(1))
    for (const pause of [1, 2, 4]) {
      story.appview(100, undefined)
      assert.equal(story.open('profile')?.due, START / 1e6 + 100 + pause)
      assert.equal(story.hidden, true)
    }
    story.appview(100, {})
    assert.equal(story.hidden, false)
  })

  test('that is known stays as it was when the AppView leaves it out', () => {
    const story = new Story(post(1))
    story.appview(2, { optedOut: true })
    story.happens(identity(3))
    story.appview(4, undefined)
    assert.equal(story.hidden, true)
    assert.equal(story.actor(alice)?.introduced, true)
  })

  test('is shown at once by its own profile record, or hidden by it', () => {
    assert.equal(new Story(post(1), profile(2, false)).hidden, false)
    assert.equal(new Story(post(1), profile(2, true)).hidden, true)
  })

  test('is asked for at once when the account is back that was away', () => {
    const story = new Story(post(1), account(2, 'deactivated'))
    for (let n = 0; n < 12; n++) story.appview(3, undefined)
    assert.ok((story.open('profile')?.due ?? 0) > START / 1e6 + 1_000)
    story.happens(account(4, 'active'))
    assert.deepEqual([story.open('profile')?.due, story.open('profile')?.tries], [0, 0])
  })

  test('that is gone by the time of the answer is not introduced by it', () => {
    const story = new Story(post(1))
    const question = story.open('profile')
    story.happens(account(2, 'deleted'))
    assert.equal(story.appview(3, {}, question), 'stale')
    assert.deepEqual([story.actor(alice)?.introduced, story.profiles.size], [false, 0])
    story.happens(account(4, 'active'))
    story.happens(post(5))
    assert.equal(story.hidden, true)
  })

  test('that nobody will ever introduce is shown at once on a network without an AppView', () => {
    const ledger = new MemoryLedger()
    ledger.fold(game, [post(1)])
    assert.equal(ledger.actor(alice)?.introduced, true)
    ledger.fold(game, [profile(2, true)])
    assert.equal(ledger.actor(alice)?.optedOut, true)
    // One that came while there still was one to ask.
    const story = new Story(post(1))
    const question = story.open('profile')
    assert.ok(question)
    story.fold(game, [{ kind: 'no-answer', question, did: alice, at: START }])
    assert.deepEqual([story.hidden, story.questions], [false, []])
  })
})

suite('a label in the own profile record', () => {
  test('holds until a newer record, whatever is replayed', () => {
    const story = new Story(post(1), profile(2, false), profile(5, true))
    assert.equal(story.happens(profile(2, false)), 'repeated')
    assert.equal(story.happens(profile(5, false)), 'repeated')
    assert.equal(story.hidden, true)
    story.happens(profile(6, false))
    assert.equal(story.hidden, false)
    story.happens(profile(7, true))
    story.happens(profile(8, false, { op: 'delete', record: undefined }))
    assert.equal(story.hidden, false)
  })

  test('holds against an AppView that is behind, which is asked again', () => {
    const story = new Story(post(1))
    const before = story.open('profile')
    story.happens(profile(5, true))
    story.appview(4, { optedOut: false }, before)
    assert.equal(story.hidden, true, 'an answer that was asked for before the label')
    story.appview(9, { optedOut: false })
    assert.equal(story.hidden, true)
    assert.equal(story.open('profile')?.tries, 1)
    story.appview(11, undefined)
    assert.equal(story.hidden, true)
    story.appview(15, { optedOut: true })
    assert.deepEqual([story.hidden, story.open('profile')], [true, undefined])
  })

  test('shows who took it off, though the AppView still says it', () => {
    const story = new Story(post(1), profile(2, false))
    story.appview(3, { optedOut: true })
    assert.equal(story.hidden, false)
    assert.equal(story.open('profile')?.tries, 1)
  })

  test('counts when it comes before anything else that somebody does', () => {
    const story = new Story(profile(1, true), post(2))
    assert.deepEqual([story.hidden, story.actor(alice)?.born], [true, true])
    story.appview(3, { optedOut: false })
    assert.equal(story.hidden, true)
    const changed = new Story(profile(1, true), profile(2, false), post(3))
    assert.equal(changed.hidden, false)
  })

  test('is not looked for in strangers who do not hide, nor in other records of that collection', () => {
    const story = new Story()
    assert.equal(story.happens(profile(1, false)), 'unfollowed')
    assert.equal(story.happens(profile(1, true, { rkey: 'other' })), 'unfollowed')
    assert.equal(story.actors.size, 0)
  })

  test('stays when the account is deleted, and goes when the person is forgotten', () => {
    const story = new Story(post(1), profile(2, true), account(3, 'deleted'), account(4, 'active'), post(5))
    assert.deepEqual([story.hidden, story.actor(alice)?.experience], [true, 50])
    story.happens(profile(2, false))
    assert.equal(story.hidden, true)
    story.happens({ kind: 'forget', wish: '1', did: alice, at: START })
    const { optedOut, profileRev, introduced } = story.actor(alice) ?? {}
    assert.deepEqual([optedOut, profileRev, introduced], [false, undefined, false])
  })

  test('has the AppView asked who this is now', () => {
    const story = new Story(post(1))
    story.appview(2, {})
    assert.equal(story.open('profile'), undefined)
    story.happens(profile(3, false))
    assert.equal(story.open('profile')?.due, 0)
  })
})

suite('a handle', () => {
  test('that the stream has taken away is not taken from an AppView that is behind', () => {
    const story = new Story(post(1))
    story.appview(2, { handle: 'old.test' })
    story.happens(identity(10, 'New.test' as Handle))
    assert.equal(story.profiles.get(alice), undefined)
    story.appview(11, { handle: 'old.test' })
    assert.equal(story.profiles.get(alice)?.handle, undefined)
    assert.equal(story.profiles.get(alice)?.displayName, 'Alice')
    assert.equal(story.open('profile')?.due, START / 1e6 + 12)
    story.appview(12, { handle: 'new.test' })
    assert.equal(story.profiles.get(alice)?.handle, 'new.test')
    assert.equal(story.open('profile'), undefined)
  })

  test('is for the AppView to say once it has said so for a minute, and beyond doubt after a day and a half', () => {
    const story = new Story(post(1), identity(10, 'new.test'))
    for (let tries = 0; tries < 17; tries++) {
      story.appview(9 * DAY, { handle: 'newer.test' })
      assert.equal(story.profiles.get(alice)?.handle, tries < 6 ? undefined : 'newer.test')
      assert.equal(story.open('profile')?.tries, tries + 1)
    }
    story.appview(9 * DAY, { handle: 'newer.test' })
    assert.equal(story.profiles.get(alice)?.handle, 'newer.test')
    assert.equal(story.open('profile'), undefined)
  })

  test('that nobody knows for a moment is asked for again', () => {
    const story = new Story(post(1), identity(2, 'handle.invalid'))
    story.appview(3, { handle: undefined })
    assert.deepEqual([story.hidden, story.open('profile')?.tries], [false, 1])
    story.appview(4, { handle: 'alice.test' })
    assert.equal(story.open('profile'), undefined)
  })

  test('that was asked for stays when its identity event is repeated', () => {
    const story = new Story(identity(0), post(1), identity(2, 'alice.test'))
    story.appview(3, {})
    for (const n of [0, 1, 2]) assert.equal(story.happens(identity(n, 'alice.test')), 'repeated')
    assert.equal(story.profiles.get(alice)?.handle, 'alice.test')
    assert.equal(story.open('profile'), undefined)
  })

  test("is one person's at a time, in one batch, too", () => {
    for (const size of [1, 2, 4]) {
      const story = new MemoryLedger()
      const answer = (did: typeof alice, n: number): Operation => {
        const view = {
          handle: 'same.test',
          displayName: undefined,
          avatar: undefined,
          asked: START + n,
        } as const
        const nothing = { question: '9', tries: 0, optedOut: false, postsCount: 0 }
        return { kind: 'profile-answer', did, at: START + n, profile: view, ...nothing }
      }
      const operations = [post(1), post(1, bob), answer(alice, 2), answer(bob, 3)]
      for (let at = 0; at < operations.length; at += size) {
        const { actors } = story.fold(game, operations.slice(at, at + size))
        // The person who lost it looks different now.
        if (at + size === operations.length) assert.ok(actors.has(alice) && actors.has(bob))
      }
      assert.equal(story.profiles.get(alice)?.handle, undefined)
      assert.equal(story.profiles.get(bob)?.handle, 'same.test')
    }
  })
})

test('the latest of all events is when a character was last updated', () => {
  const story = new Story(post(9), { ...post(10), at: START + 1e6 })
  assert.equal(story.actor(alice)?.updatedAt, START + 9e6)
})

suite('what a repost shows', () => {
  const answer = (story: Story, media: 'alt' | undefined, n = 9): Outcome => {
    const question = story.open('subject')
    assert.ok(question?.kind === 'subject')
    const { id, tries, did, collection, rkey, rev, subject } = question
    const of = { did, collection, rkey, rev, subject, at: START + n * 1e6, media }
    return story.happens({ kind: 'subject-answer', question: id, tries, ...of })
  }

  test('is asked for again while the AppView does not know the post yet', () => {
    const story = new Story(repost(2, 1))
    answer(story, undefined)
    assert.deepEqual([story.open('subject')?.due, story.actor(alice)?.experience], [START / 1e6 + 10, 50])
    answer(story, 'alt')
    assert.deepEqual([story.open('subject'), story.actor(alice)?.experience], [undefined, 70])
  })

  test('is read in our own records, where the post has come to us meanwhile', () => {
    for (const media of ['alt', undefined] as const) {
      const story = new Story(repost(2, 1), post(1, bob, DESCRIBED))
      answer(story, media)
      assert.deepEqual([story.open('subject'), story.actor(alice)?.experience], [undefined, 70])
    }
    const story = new Story(repost(2, 1), post(1, bob))
    answer(story, 'alt')
    assert.equal(story.actor(alice)?.experience, 50)
  })

  test('is text for good where nobody knew the post for nine minutes', () => {
    const story = new Story(repost(2, 1))
    for (let tries = 0; tries < 10; tries++) answer(story, undefined)
    assert.equal(story.open('subject'), undefined)
    story.happens(post(1, bob, DESCRIBED))
    assert.equal(story.actor(alice)?.experience, 50)
  })
})
