import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { createRaw } from '@atcute/tid'
import { NO_FAULTS } from '../../src/simulator/faults.ts'
import { Network } from '../../src/simulator/network.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { fold } from '../conformance/operations.ts'
import { game, POST } from '../game/arbitrary.ts'
import { flagsFor, folder, isAnswered, newestSent, Program, servedAt, until } from './harness.ts'

const SEED = 4

test('a ledger that was tampered with is found by a check from outside, also where it passes verify', async () => {
  using here = folder()
  const file = here.path('ledger.db')
  // So long ago that no difference is excused by the server's not having seen it yet.
  const start = Date.now() * 1000 - 3 * 3_600_000_000
  const network = new Network({ seed: SEED, actors: 40, start, step: 100_000, mix: 'everything' })
  await using simulator = await startSimulator({ network, seed: SEED, faults: NO_FAULTS })
  const flags = flagsFor(simulator, file)
  await using store = openSqlite({ path: file, reserve: 0 })
  {
    await using ingest = new Program(['ingest', ...flags])
    const status = () => store.reader.status()
    await until('ingest is connected', async () => (await status()).heartbeat?.host !== undefined)
    simulator.emit(4_000)
    const at = async () => (await status()).cursor?.value ?? 0
    await until('everything has arrived', async () => (await at()) >= newestSent(simulator))
    await until('nothing is asked any more', async () => isAnswered(await status()))
    assert.equal(await ingest.kill('SIGTERM'), 0, ingest.output)
  }
  const { items } = await store.reader.board({ cursor: undefined, around: undefined, limit: 3 })
  const [best, second, third] = items.map(({ character }) => character.did)
  assert.ok(best && second && third)

  await using api = new Program(['api', ...flags])
  const server = await servedAt(api)
  const check = async (actor: string) => {
    await using program = new Program(['check', actor, '--server', server, ...flags])
    const code = await program.ended
    return { code, output: program.output }
  }
  for (const did of [best, second, third]) {
    const { code, output } = await check(did)
    assert.equal(code, 0, output)
    assert.match(output, /^equal: \d+ XP, level \d+, [1-9]\d* records counted alike$/m)
  }

  // A post that nobody wrote, entered as ingest would.
  {
    await using writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
    const [rkey, rev] = [createRaw(start, 1), createRaw(start + 1_000_000_000, 2)]
    const event = { kind: 'commit', did: second, at: start + 1_000_000, rev, op: 'create', rkey } as const
    await fold(writer, [{ ...event, collection: POST, record: { text: 'invented' } }])
  }
  {
    await using verify = new Program(['verify', '--database-url', `sqlite:${file}`])
    assert.equal(await verify.ended, 0, verify.output)
    const { code, output } = await check(second)
    assert.equal(code, 1, output)
    assert.match(
      output,
      /^at:\/\/did:\S+\/app\.bsky\.feed\.post\/\S+ counts 50 XP \(post\.text\) and is not in/m,
    )
    assert.match(output, /^differs \(1\): /m)
  }

  // More for one record, everywhere where its XP is summed up, so that the ledger agrees with itself.
  {
    using db = new DatabaseSync(file)
    const find = db.prepare(
      `SELECT r.rkey, r.actor, r.collection, r.xp, e.id AS event, a.running_day FROM records r
           JOIN actors a ON a.id = r.actor JOIN collections c ON c.id = r.collection
           JOIN events e ON e.actor = r.actor AND e.rkey = r.rkey
           WHERE a.did = ? AND r.xp > 0 AND c.nsid = 'app.bsky.feed.like'
             AND date(e.at / 1000, 'unixepoch') = date(a.running_day * 86400, 'unixepoch') ORDER BY e.id DESC LIMIT 1`,
    )
    // Keys are larger than numbers.
    find.setReadBigInts(true)
    const record = find.get(best)
    assert.ok(record)
    db.prepare('UPDATE records SET xp = xp + 1000 WHERE rkey = ? AND actor = ? AND collection = ?').run(
      record.rkey as bigint,
      record.actor as number,
      record.collection as number,
    )
    db.prepare('UPDATE events SET delta = delta + 1000 WHERE id = ?').run(record.event as number)
    db.prepare('UPDATE events SET experience = experience + 1000 WHERE actor = ? AND id >= ?').run(
      record.actor as number,
      record.event as number,
    )
    const actor = db.prepare('SELECT id, experience FROM actors WHERE did = ?').get(best)
    assert.ok(actor)
    db.exec(`UPDATE actors SET experience = experience + 1000, week_xp = week_xp + 1000, month_xp = month_xp + 1000,
        running_xp = running_xp + 1000 WHERE id = ${actor.id};
      UPDATE foremost SET experience = experience + 1000 WHERE actor = ${actor.id};
      UPDATE standings SET characters = characters - 1 WHERE experience = ${actor.experience};
      INSERT INTO standings VALUES (${Number(actor.experience) + 1000}, 1)
        ON CONFLICT DO UPDATE SET characters = characters + 1;
      UPDATE totals SET experience = experience + 1000`)
  }
  await using verify = new Program(['verify', '--database-url', `sqlite:${file}`])
  assert.equal(await verify.ended, 1, verify.output)
  assert.match(
    verify.output,
    /: records to which the person's version of the rules awards something else: .* found 1$/m,
  )
  const found = await check(best)
  assert.equal(found.code, 1, found.output)
  assert.match(
    found.output,
    /^at:\/\/did:\S+\/app\.bsky\.feed\.like\/\S+ counts 10\d\d XP \(like\), and by the rules \d+ \(like\)$/m,
  )
  assert.match(found.output, /^differs \(1\): /m)
  assert.equal((await check(third)).code, 0)

  for (const [words, told] of [
    [['check', 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa', '--server', server], /could not check: .* answered 404/],
    [['check', 'nobody.example', '--server', server], /could not check: "nobody.example" is nobody/],
    [['check', best], /could not check: --server is ""; expected an http or https address/],
    [['check', best, '--server', 'http://127.0.0.1:1'], /could not check: 127\.0\.0\.1:1 /],
    [['check', best, '--server', simulator.httpUrl], /could not check: /],
  ] as const) {
    await using program = new Program([...words, ...flags])
    assert.equal(await program.ended, 2, program.output)
    assert.match(program.output, told)
    assert.equal(program.output.trimEnd().split('\n').length, 1, program.output)
  }
})
