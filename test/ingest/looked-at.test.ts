import assert from 'node:assert/strict'
import test from 'node:test'
import type { Did } from '@atcute/lexicons/syntax'
import type { AskedQuestion, QuestionId } from '../../src/game/question.ts'
import { LookedAt } from '../../src/ingest/looked-at.ts'

const didOf = (n: number): Did => `did:web:n${n}.example` as Did

/** A ledger with open profile questions about people 0 to `open` - 1, the first of which is the oldest. */
function ledgerWith(open: number) {
  let questions: AskedQuestion[] = Array.from({ length: open }, (_, n) => {
    return { kind: 'profile', did: didOf(n), id: `profile:${n}`, tries: 0 }
  })
  return {
    answer: (n: number) => {
      questions = questions.filter(({ did }) => did !== didOf(n))
    },
    postpone: (n: number) => {
      questions = questions.map((one) => (one.did === didOf(n) ? { ...one, tries: 1 } : one))
    },
    writer: {
      questionsAbout: async (_kind: 'profile' | 'repository' | 'import', dids: readonly Did[]) =>
        questions.filter(({ did }) => dids.includes(did)),
      questions: async (_kind: string, limit: number, except: ReadonlySet<QuestionId>) =>
        questions.filter(({ id, tries }) => !except.has(id) && tries === 0).slice(0, limit),
    },
  }
}

const NONE: ReadonlySet<QuestionId> = new Set()
const peopleOf = (questions: readonly AskedQuestion[]) => questions.map(({ did }) => did)

test('people whom somebody looks at come first, and each once', async () => {
  const { writer } = ledgerWith(1_000)
  const looked = new LookedAt()
  looked.add(didOf(900))
  looked.add(didOf(1))
  looked.add(didOf(5_000))
  const next = await looked.next(writer, 'profile', 5, NONE, 0)
  assert.deepEqual(new Set(peopleOf(next).slice(0, 2)), new Set([didOf(900), didOf(1)]))
  assert.deepEqual(peopleOf(next).slice(2), [didOf(0), didOf(2), didOf(3)])
  const rest = await looked.next(writer, 'profile', 2, new Set(next.map(({ id }) => id)), 0)
  assert.deepEqual(peopleOf(rest), [didOf(4), didOf(5)])
})

test('they stay first until they are asked, also where the AppView fails, and wait their turn afterwards', async () => {
  const { writer, postpone, answer } = ledgerWith(10)
  const looked = new LookedAt()
  looked.add(didOf(8))
  looked.add(didOf(9))
  for (let failure = 0; failure < 3; failure++) {
    assert.deepEqual(peopleOf(await looked.next(writer, 'profile', 2, NONE, 0)), [didOf(8), didOf(9)])
  }
  answer(8)
  postpone(9)
  assert.deepEqual(peopleOf(await looked.next(writer, 'profile', 2, NONE, 0)), [didOf(0), didOf(1)])
})

test('only profiles have an order of their own, and no more than a hundred people', async () => {
  const { writer } = ledgerWith(500)
  const looked = new LookedAt()
  for (let n = 0; n < 300; n++) looked.add(didOf(499 - n))
  const profiles = await looked.next(writer, 'profile', 500, NONE, 0)
  assert.equal(profiles.length, 500)
  assert.deepEqual(
    new Set(peopleOf(profiles).slice(0, 100)),
    new Set(Array.from({ length: 100 }, (_, n) => didOf(200 + n))),
  )
  assert.deepEqual(peopleOf(await looked.next(writer, 'repository', 1, NONE, 0)), [didOf(0)])
})
