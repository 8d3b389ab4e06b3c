import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CurrentRules } from '../../src/api/current-rules.ts'
import { withoutMoves } from '../../src/api/without-moves.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import type { RulesState } from '../../src/store/rules.ts'
import type { Recent, RecentEvent } from '../../src/store/store.ts'
import { alice, build, profile } from './harness.ts'

type Version = { version: number; points: Record<string, number>; since: string | null }

const settings = rulebook(NO_CHANGES)
const generous = rulebook({
  ...NO_CHANGES,
  points: { 'post.text': 80 },
  titles: [{ level: 1, title: 'Guest' }],
})
const first = { version: 1, fingerprint: settings.fingerprint, titles: undefined, at: undefined }
const second = {
  version: 2,
  fingerprint: generous.fingerprint,
  titles: generous.titles,
  at: 1_750_000_000_000_000,
}
const moving: RulesState = {
  versions: [first, second],
  isHalfRecomputed: false,
  move: { from: 1, done: 0.25 },
  wanted: undefined,
}

test('the rules list their versions, and say while two are in force how far the move is', async () => {
  const rules = new CurrentRules(settings)
  await using here = await build({ rules })
  const before = (await here.get('/v1/rules')).json()
  assert.deepEqual([before.version, before.versions.length, before.move], [1, 1, null])
  assert.equal(rules.update(moving), true)
  const response = await here.get('/v1/rules')
  assert.match(String(response.headers['cache-control']), /max-age=2$/)
  const during = response.json()
  assert.deepEqual([during.points['post.text'], during.titles], [80, generous.titles])
  assert.deepEqual(
    during.versions.map(({ version, points, since }: Version) => [version, points['post.text'], since]),
    [
      [1, 50, null],
      [2, 80, '2025-06-15T15:06:40.000Z'],
    ],
  )
  assert.deepEqual(during.move, { from: 1, to: 2, done: 0.25 })
  assert.match((await here.get('/rules')).body, /25 % are done/)
  // The same rules and titles: no answer has to be made anew.
  assert.equal(rules.update({ ...moving, move: undefined }), false)
  assert.equal((await here.get('/v1/rules')).json().move, null)
  assert.doesNotMatch((await here.get('/rules')).body, /% are done/)
})

test('a character has the title of the rules that were taken up, and its proof, too, another tag', async () => {
  const rules = new CurrentRules(settings)
  await using here = await build({ rules })
  here.ledger.join(alice, profile('alice.test'))
  here.ledger.earn(alice, { delta: 50 })
  const paths = [`/v1/characters/${alice}`, `/v1/characters/${alice}/proof`]
  const before = await Promise.all(paths.map(async (path) => here.get(path)))
  rules.update(moving)
  const after = await Promise.all(
    paths.map(async (path, n) => here.get(path, { 'if-none-match': String(before[n]?.headers.etag) })),
  )
  assert.deepEqual(
    after.map(({ statusCode }) => statusCode),
    [200, 200],
  )
  assert.equal(after[0]?.json().title, 'Guest')
})

test('rules that this program does not have leave those of the settings', () => {
  const rules = new CurrentRules(settings)
  rules.update({ ...moving, versions: [{ ...first, version: 7, fingerprint: 'of another program' }] })
  assert.deepEqual([rules.version, rules.points['post.text']], [7, 50])
})

test('followers are not told what a move enters, and go on behind it', async () => {
  const log = Array.from({ length: 50 }, (_, n) => ({
    position: String(n + 1),
    cause: n % 10 === 9 ? 'create' : 'recompute',
  })) as RecentEvent[]
  const reader = withoutMoves({
    recent: async (after: string | undefined, limit: number): Promise<Recent> => {
      const events = log.slice(Number(after), Number(after) + limit)
      const position = events.at(-1)?.position ?? String(after)
      return { events, position, missed: false, more: Number(position) < log.length }
    },
  })
  const places = ({ events }: Recent) => events.map(({ position }) => position)
  const one = await reader.recent('0', 3)
  assert.deepEqual([places(one), one.position], [['10', '20', '30'], '30'])
  const rest = await reader.recent(one.position, 3)
  assert.deepEqual([places(rest), rest.position], [['40', '50'], '50'])
})
