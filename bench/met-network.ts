// Makes the ledger of a server that has followed a network for a while: everybody is known, every question answered. Using no
// socket saves the benchmark time.

import { uriOf } from '../src/atproto/uri.ts'
import { decide } from '../src/game/decide.ts'
import type { Game } from '../src/game/game.ts'
import type { Answer, Operation } from '../src/game/operation.ts'
import type { AskedQuestion } from '../src/game/question.ts'
import { NO_CHANGES, rulebook } from '../src/game/rulebook.ts'
import { touched } from '../src/game/touched.ts'
import type { Network } from '../src/simulator/network.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'

const AT_ONCE = 10_000

/** Puts all people of `network` and its next `events` events into a new ledger at `path`. */
export async function meetNetwork(path: string, network: Network, events: number): Promise<void> {
  const rules = rulebook(NO_CHANGES)
  const game: Game = {
    rules,
    former: undefined,
    followed: new Set(rules.collections),
    baseline: 'off',
    appview: 'asked',
  }
  await using store = openSqlite({ path, reserve: 0 })
  await using writer = await store.write({ fingerprint: rules.fingerprint, purpose: 'keep' })
  const fold = async (operations: Operation[]) =>
    writer.commit(decide(game, await writer.load(touched(game, operations)), operations), undefined)

  for (let at = 0; at < network.people.length; at += AT_ONCE) {
    const piece = network.people.slice(at, at + AT_ONCE)
    await fold(piece.flatMap((person) => network.first(person)))
  }
  for (let done = 0; done < events; ) {
    const batch: Operation[] = []
    while (batch.length < AT_ONCE) batch.push(...network.next())
    await fold(batch)
    done += batch.length
  }
  for (const kind of ['profile', 'subject'] as const) {
    for (;;) {
      const asked = await writer.questions(kind, AT_ONCE, new Set(), Math.floor(network.now / 1_000_000))
      if (asked.length === 0) break
      await fold(asked.map((question) => answer(network, question)))
    }
  }
}

function answer(network: Network, question: AskedQuestion): Answer {
  const at = network.now
  if (question.kind === 'subject') {
    const { did, collection, rkey, rev, subject } = question
    const media = network.subjectMedia(uriOf(subject))
    const of = { did, collection, rkey, rev, subject }
    return { kind: 'subject-answer', question: question.id, tries: question.tries, ...of, at, media }
  }
  const { id, tries, did } = question
  const person = network.person(did)
  const profile = person && {
    handle: person.handle,
    displayName: person.displayName,
    avatar: undefined,
    asked: at,
  }
  const plain = { optedOut: false, postsCount: 0 }
  return { kind: 'profile-answer', question: id, tries, did, at, profile, ...plain }
}
