// Checks that exports and restores keep by which version of the rules each entry was awarded.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Did } from '../../src/atproto/event.ts'
import type { Game } from '../../src/game/game.ts'
import type { Operation } from '../../src/game/operation.ts'
import { NO_CHANGES, type Rulebook, rulebook } from '../../src/game/rulebook.ts'
import { NO_FACTS } from '../../src/game/rules/rule.ts'
import { gameInForce } from '../../src/ingest/rules-in-force.ts'
import { moveSome } from '../../src/ingest/rules-move.ts'
import type { RulesVersion } from '../../src/store/rules.ts'
import type { Store, Writer } from '../../src/store/store.ts'
import { game, POST, person, START, tid } from '../game/arbitrary.ts'
import { recomputeAll } from '../recompute-all.ts'
import { KEEP, type Place } from './check.ts'
import { type CopyCheck, contentOf, exported, opening, restored } from './exports.ts'
import { alice, cursorOf, FIRST, fold, like, NOW, post } from './operations.ts'

const generous = rulebook({ ...NO_CHANGES, points: { 'post.text': 80 } })
const capped = rulebook({ ...NO_CHANGES, caps: { [POST]: 300 }, titles: [{ level: 1, title: 'Guest' }] })
const stingy = rulebook({ ...NO_CHANGES, points: { 'post.text': 5 } })

const PEOPLE = 5
const dids = Array.from({ length: PEOPLE + 3 }, (_, n) => person(n))
const DAY = Math.floor(NOW / 86_400)

export const versionChecks: readonly CopyCheck[] = [
  {
    title: 'entries name the versions that awarded them, also where people were moved at different times',
    run: async (from, to) => {
      await using source = await from()
      await using target = await to()
      await fillByVersions(source)
      const text = await opening(source, (store) => exported(store))
      assert.ok(isMixed(text), 'nobody earned by former rules after somebody else was moved')
      const before = await opening(source, kept)
      assert.ok(before.entries.slice(0, PEOPLE + 2).every((entries) => entries.length > 1))
      assert.deepEqual(
        before.versions.map(({ version }) => version),
        [1, 2, 3, 4],
      )
      await opening(target, async (store) => {
        assert.deepEqual(await restored(store, text), before.content)
        assert.deepEqual(await kept(store), before)
        assert.deepEqual((await store.auditor.audit(stingy, () => {})).findings, [])
      })
      await opening(target, async (store) => {
        await using writer = await store.write({ ...KEEP, fingerprint: stingy.fingerprint })
        const by = { ...game, rules: { ...stingy, version: 4 } }
        assert.deepEqual(await writer.cursor(), before.cursor)
        const late = person(PEOPLE + 2)
        await fold(writer, [post(alice, 900), post(late, 901)], cursorOf(901), by)
        await moveAll(store, writer, generous, async () => {})
        const [ofAlice = [], ofLate = []] = await entriesOf(store, [alice, late])
        assert.deepEqual(ofAlice.slice(0, 3), ['recompute 75 by 5', 'recompute 75 by 5', 'create 5 by 4'])
        assert.deepEqual(ofLate, ['recompute 75 by 5', 'create 5 by 4'])
        assert.deepEqual((await store.auditor.audit(generous, () => {})).findings, [])
      })
    },
  },
  {
    title: 'an export of format version 1, which names no versions, is restored: all counts as of the first',
    run: async (_, to) => {
      const text = readFileSync(new URL('../fixtures/export-v1.jsonl', import.meta.url), 'utf8')
      await using target = await to()
      await opening(target, async (store) => {
        const end = await restored(store, text)
        assert.deepEqual(await contentOf(store, 1), end)
        assert.deepEqual((await store.rules.state()).versions.map(fieldsOf), [
          { version: 1, fingerprint: generous.fingerprint, titles: undefined, at: undefined },
        ])
        const entries = ['create 80 by 1', 'recompute 30 by 1', 'create 10 by 1', 'create 50 by 1']
        assert.deepEqual(await entriesOf(store, [alice]), [entries])
        assert.deepEqual((await store.auditor.audit(generous, () => {})).findings, [])
      })
    },
  },
]

/** Four versions: two by moves, while people earn and others are imported, and one by a recompute that runs alone. */
async function fillByVersions(place: Place): Promise<void> {
  await opening(place, async (store) => {
    await using writer = await store.write(KEEP)
    await writer.begin(cursorOf(0))
    const early = dids.slice(0, PEOPLE).flatMap((did, n) => [post(did, n + 1), like(did, n + 20)])
    await fold(writer, early, cursorOf(30), game)
    let second = 30
    /** Everybody earns between the steps of a move, new people too, and one is imported. */
    const meanwhile = async (by: Game): Promise<void> => {
      second += 10
      const seen = dids.slice(0, PEOPLE + (by.rules.version === 2 ? 1 : 2))
      const earned = seen.map((did, n) => (n % 3 === 0 ? like : post)(did, second + n / 100))
      await fold(writer, [...earned, importedPost(person(3), second)], cursorOf(second), by)
    }
    await moveAll(store, writer, generous, meanwhile)
    await moveAll(store, writer, capped, meanwhile)
  })
  await opening(place, (store) =>
    recomputeAll(store, stingy.fingerprint, { ...game, rules: { ...stingy, version: 4 } }),
  )
}

function importedPost(did: Did, n: number): Operation {
  const facts = { ...NO_FACTS, media: 'text' } as const
  const record = { collection: POST, rkey: tid(n + 500), facts, claimed: DAY - 3 }
  return {
    kind: 'import-records',
    did,
    at: START + n * 1_000_000,
    rev: tid(n + 500),
    since: undefined,
    records: [record],
  }
}

/** Moves everybody to `rules`, two at a time. */
async function moveAll(
  store: Store,
  writer: Writer,
  { fingerprint, titles }: Rulebook,
  meanwhile: (by: Game) => Promise<void>,
): Promise<void> {
  await store.rules.leave({ fingerprint, titles })
  const by = gameInForce(game, await writer.takeUpRules(START))
  await meanwhile(by)
  while ((await moveSome(by, writer, START, { people: 2, records: 100 })) !== undefined) await meanwhile(by)
}

/** What must not change: the content, the versions, and the entries of everybody as the reader shows them. */
async function kept(store: Store) {
  const { versions, move, wanted } = await store.rules.state()
  const entries = await entriesOf(store, dids)
  const { cursor } = await store.reader.status()
  return { content: await contentOf(store), cursor, versions: versions.map(fieldsOf), move, wanted, entries }
}

function fieldsOf({ version, fingerprint, titles, at }: RulesVersion): RulesVersion {
  return { version, fingerprint, titles, at }
}

/** Each person's entries, newest first, and those of posts among them. */
async function entriesOf({ reader }: Store, people: readonly Did[]): Promise<string[][]> {
  const pages = people.map(async (did) => {
    const page = await reader.events(did, { ...FIRST, limit: 1_000 })
    const ofPosts = await reader.events(did, { ...FIRST, limit: 1_000, type: POST })
    const [all = [], posts = []] = [page, ofPosts].map((found) => found?.items)
    assert.deepEqual(
      posts,
      all.filter(({ collection }) => collection === POST),
    )
    return all.map(({ cause, delta, rules }) => `${cause} ${delta} by ${rules}`)
  })
  return Promise.all(pages)
}

/** Whether an entry names an older version than an earlier one of somebody else does. */
function isMixed(text: string): boolean {
  const events = text
    .split('\n')
    .filter((line) => line.startsWith('{"kind":"event"'))
    .map((line) => JSON.parse(line) as { at: number; rules: number; cause: string })
  const live = events.filter(({ cause }) => cause === 'create').sort((a, b) => a.at - b.at)
  return live.some(({ rules }, index) => rules < (live[index - 1]?.rules ?? 1))
}
