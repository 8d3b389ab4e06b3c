import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, readdirSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { Network } from '../../src/simulator/network.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { flagsFor, folder, PROGRAM, Program, Running, servedAt, until } from './harness.ts'

/** How long a program may take to end after a signal. */
const END_MS = 30_000

test('what is wrong with the command line is told in one line, with exit code 2', async () => {
  for (const [words, told] of [
    [['start', '--port', '99999'], /^bsky-rpg: PORT is "99999"; expected a port/],
    [['strat'], /unknown command "strat"; expected one of start, ingest/],
    [['forget'], /expected `bsky-rpg forget <actor>`/],
    [['verify', 'me'], /expected `bsky-rpg verify`/],
    [['rollback'], /expected `bsky-rpg rollback <shard>`/],
    [['api', '--prot', '1'], /--prot/],
    [['start', '--trust-proxy', '10.0.0.0/33'], /^bsky-rpg: TRUST_PROXY is "10.0.0.0\/33"; expected/],
    [
      ['start', '--jetstream-urls', 'ws://127.0.0.1:9/subscibe'],
      /^bsky-rpg: JETSTREAM_URLS is .*subscibe.*; expected/,
    ],
    [
      ['simulate', '--port', '0', '--file', '/no/such/file'],
      /^bsky-rpg: --file is "\/no\/such\/file"; expected/,
    ],
  ] as const) {
    await using program = new Program([...words])
    assert.equal(await program.ended, 2, program.output)
    assert.match(program.output, told)
    assert.equal(program.output.trimEnd().split('\n').length, 1)
  }
})

test('a port that is taken is told in one line', async () => {
  using here = folder()
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const flags = ['--database-url', `sqlite:${here.path('ledger.db')}`, '--jetstream-urls', 'ws://127.0.0.1:9']
  // The first one makes the ledger that the second wants to be there.
  for (const command of ['start', 'api', 'simulate']) {
    await using program = new Program([
      command,
      ...(command === 'simulate' ? [] : flags),
      '--port',
      String(port),
      '--disk-reserve',
      '0',
    ])
    assert.equal(await program.ended, 2)
    const told = program.output.split('\n').filter((line) => line.startsWith('bsky-rpg:'))
    assert.deepEqual(told, [
      `bsky-rpg: cannot serve on 127.0.0.1, port ${port}: another program uses it. Set HOST and PORT.`,
    ])
  }
  server.close()
})

test('the version is told', async () => {
  await using program = new Program(['--version'])
  assert.equal(await program.ended, 0)
  assert.match(program.output, /^\d+\.\d+\.\d+\n$/)
})

test('a log that cannot be written does not end the program', {
  skip: existsSync('/dev/full') ? false : 'there is no /dev/full here',
}, async () => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  const words = [PROGRAM, 'simulate', '--port', String(port), '--actors', '10']
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', openSync('/dev/full', 'w')] })
  try {
    const url = `http://127.0.0.1:${port}/xrpc/app.bsky.actor.getProfiles?actors=did:plc:x`
    await until('it answers', () =>
      fetch(url).then(
        () => true,
        () => {
          assert.equal(child.exitCode, null)
          return false
        },
      ),
    )
    const closed = once(child, 'close', { signal: AbortSignal.timeout(END_MS) })
    child.kill('SIGTERM')
    assert.deepEqual(await closed, [0, null])
  } finally {
    child.kill('SIGKILL')
  }
})

test('help names every command, and every command its settings', async () => {
  await using program = new Program(['--help'])
  assert.equal(await program.ended, 0)
  for (const word of [
    'start',
    'ingest',
    'api',
    'demo',
    'simulate',
    'verify',
    'forget <actor>',
    '--database-url',
  ]) {
    assert.ok(program.output.includes(word), word)
  }
})

test('without a network it says whom it tried and why they failed, serves all the same, and ends cleanly', async () => {
  using here = folder()
  const hosts = 'ws://127.0.0.1:9,ws://localhost:9/subscribe'
  const flags = [
    '--database-url',
    `sqlite:${here.path('ledger.db')}`,
    '--jetstream-urls',
    hosts,
    '--port',
    '0',
    '--disk-reserve',
    '0',
  ]
  await using program = new Program(['start', ...flags])
  await until('it says what it tried', () => program.output.includes('npm run demo'), 15_000)
  assert.match(program.output, /tried 127\.0\.0\.1:9 \(.*ECONNREFUSED.*\), localhost:9 \(/)
  const url = await servedAt(program)
  const ready = await fetch(`${url}/readyz`)
  assert.equal(ready.status, 503)
  await using second = new Program(['ingest', ...flags])
  assert.equal(await second.ended, 1)
  assert.match(second.output, /only one may/)
  assert.equal(await program.kill('SIGINT'), 0, program.output)
})

test('a running server follows the network, tells of it, and forgets who is to be forgotten', async () => {
  using here = folder()
  const file = here.path('ledger.db')
  await using simulator = await startSmallNetwork({ seed: 3, actors: 50 })
  await using program = new Program(['start', ...flagsFor(simulator, file)])
  await using store = openSqlite({ path: file, reserve: 0 })
  await until('ingest is connected', async () => (await store.reader.status()).heartbeat?.host !== undefined)
  simulator.emit(2_000)
  const url = await servedAt(program)
  const last = simulator.archive.entries.length
  await until(
    'all of it has arrived',
    async () => ((await store.reader.status()).cursor?.value ?? 0) >= last - 20,
  )
  let did = ''
  await until('the AppView has said who is who', async () => {
    const board = await (await fetch(`${url}/v1/leaderboards/all?limit=1`)).text()
    did = /"did":"([^"]+)"/.exec(board)?.[1] ?? ''
    return did !== '' && (await store.reader.status()).introductions === 0
  })
  const look = async () => (await fetch(`${url}/v1/characters/${did}`)).status
  assert.equal(await look(), 200)
  await until('ingest has told its metrics', async () => {
    return /bsky_rpg_operations_total\{outcome="applied"\} \d+/.test(
      await (await fetch(`${url}/metrics`)).text(),
    )
  })
  await using forgotten = new Program(['forget', did, '--database-url', `sqlite:${file}`])
  assert.equal(await forgotten.ended, 0, forgotten.output)
  await until('nobody finds them any more', async () => (await look()) === 404)
  assert.equal(await program.kill('SIGTERM'), 0, program.output)
  await using verify = new Program(['verify', '--database-url', `sqlite:${file}`])
  assert.equal(await verify.ended, 0, verify.output)
})

test('a full disk ends ingest and not the server, which says so, and the process fails when it is stopped', async () => {
  using here = folder()
  await using simulator = await startSmallNetwork({ seed: 5, actors: 20 })
  const flags = flagsFor(simulator, here.path('ledger.db'))
  const full = [...flags, '--disk-reserve', '8000000GB']
  await using program = new Program(['start', ...full])
  const url = await servedAt(program)
  const ready = async () => JSON.stringify(await (await fetch(`${url}/readyz`)).json())
  await until('/readyz says why', async () => {
    simulator.emit(1)
    return (await ready()).includes('ingest has ended: disk full')
  })
  assert.equal((await fetch(`${url}/readyz`)).status, 503)
  assert.equal((await fetch(`${url}/healthz`)).status, 200)
  assert.equal((await fetch(`${url}/v1/stats`)).status, 200)
  assert.equal(await program.kill('SIGTERM'), 1)
  assert.match(program.output, /^bsky-rpg: disk full: .*Make room and start again/m)
  await using alone = new Program(['ingest', ...full])
  const more = setInterval(() => simulator.emit(1), 20)
  assert.equal(await alone.ended.finally(() => clearInterval(more)), 1)
  assert.match(alone.output, /^bsky-rpg: disk full: .*Make room and start again/m)
})

test('a server whose file goes away under it ends with a message', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using simulator = await startSmallNetwork({ seed: 6, actors: 20 })
  await using program = new Program(['start', ...flagsFor(simulator, path)])
  await until('ingest is connected', () => program.output.includes('listening to'))
  await servedAt(program)
  for (const suffix of ['', '-wal', '-shm', '.lock']) rmSync(path + suffix)
  assert.equal(await program.ended, 1)
  const told = program.output.split('\n').filter((line) => line.startsWith('bsky-rpg:'))
  assert.equal(told.length, 1, program.output)
  assert.match(told[0] ?? '', /ledger\.db was moved or deleted while the ledger was in use/)
  assert.equal(existsSync(path), false)
})

test('commands for a ledger that is there say what they found instead, and make nothing', async () => {
  using here = folder()
  const nowhere = ['--database-url', `sqlite:${here.path('ledger-2026-11-42.db')}`]
  for (const words of [
    ['verify'],
    ['verify', '--repair'],
    ['recompute'],
    ['forget', 'did:web:a.example'],
    ['api', '--port', '0'],
  ]) {
    await using program = new Program([...words, ...nowhere])
    assert.equal(await program.ended, 1, words.join(' '))
    assert.match(program.output, /^bsky-rpg: .*ledger-2026-11-42\.db is missing: there is no ledger/m)
  }
  assert.deepEqual(readdirSync(here.path('')), [])
})

test('a signal ends verify and recompute at once, with its own exit code', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  {
    await using store = openSqlite({ path, reserve: 0 })
    await using _ = await store.write({ fingerprint: rulebook(NO_CHANGES).fingerprint, purpose: 'keep' })
  }
  const db = new DatabaseSync(path)
  db.exec(`INSERT INTO entries SELECT 1, 1, 'create', 'like';
    INSERT INTO actors (id, did, standing, experience, last_delta, updated_at, status_time, kinds, pruned_xp)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 450000)
      SELECT i, 'did:web:a' || i || '.example', 1, 0, 0, 0, 0, '', 0 FROM n;
    UPDATE totals SET next_actor = 450001`)
  db.close()
  const flags = ['--database-url', `sqlite:${path}`]
  await using verify = new Program(['verify', ...flags])
  await until('it has begun', () => verify.output.includes('200000 of'))
  assert.equal(await verify.kill('SIGINT'), 130, verify.output)
  assert.match(verify.output, /^bsky-rpg: stopped by SIGINT before the end$/m)
  assert.doesNotMatch(verify.output, /clean|mismatch/)
  await using recompute = new Program(['recompute', ...flags])
  await until('it has begun', () => recompute.output.includes('10000 people judged'))
  assert.equal(await recompute.kill('SIGTERM'), 143, recompute.output)
  assert.match(
    recompute.output,
    /people judged, 0 changed; the others are unchanged\. Run `bsky-rpg recompute` again/,
  )
})

test('npm start ends when npm is told to, though the shell between them says nothing', async () => {
  using here = folder()
  await using simulator = await startSmallNetwork({ seed: 1, actors: 10 })
  const words = [process.execPath, PROGRAM, 'start', ...flagsFor(simulator, here.path('ledger.db'))]
  // As npm starts a script; the `;` keeps every shell from becoming the program.
  await using shell = new Running('sh', ['-c', `${words.map((word) => `'${word}'`).join(' ')}; true`], {
    env: { PATH: process.env.PATH, LOG_FORMAT: 'json', npm_command: 'start' },
    // In a group of its own, by which the program can be killed, too, though only the shell knows its id.
    detached: true,
  })
  try {
    await servedAt(shell)
    shell.child.kill('SIGTERM')
    // It has closed its output only when the program has, which holds the other end for as long as it lives.
    await until('the program has ended', () => shell.child.stderr?.closed === true, END_MS)
  } finally {
    killGroup(shell.child)
  }
})

/** Kills all that is left of a group of processes, which `leader` began. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** A network of a few people that begins now. */
function startSmallNetwork({ seed, actors }: { seed: number; actors: number }): Promise<Simulator> {
  const network = new Network({ seed, actors, start: Date.now() * 1_000, step: 1_000, mix: 'everything' })
  return startSimulator({ network, seed })
}
