import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { Network } from '../../src/simulator/network.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { flagsFor, folder, Program, until } from './harness.ts'

test('what is wrong with the command line is told in one line, with exit code 2', async () => {
  for (const [words, told] of [
    [['start', '--port', '99999'], /^bsky-rpg: PORT is "99999"; expected a port/],
    [['strat'], /unknown command "strat"; expected one of start, ingest/],
    [['forget'], /expected `bsky-rpg forget <actor>`/],
    [['verify', 'me'], /expected `bsky-rpg verify`/],
    [['api', '--prot', '1'], /--prot/],
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
  for (const command of ['api', 'start']) {
    await using program = new Program([command, ...flags, '--port', String(port), '--disk-reserve', '0'])
    assert.equal(await program.ended, 1)
    const told = program.output.split('\n').filter((line) => line.startsWith('bsky-rpg:'))
    assert.deepEqual(told, [
      `bsky-rpg: cannot serve on 127.0.0.1, port ${port}: another program does. Set HOST and PORT.`,
    ])
  }
  server.close()
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
  const network = new Network({
    seed: 3,
    actors: 50,
    start: Date.now() * 1000,
    step: 1_000,
    mix: 'everything',
  })
  await using simulator = await startSimulator({ network, seed: 3 })
  await using program = new Program(['start', ...flagsFor(simulator, file)])
  await using store = openSqlite({ path: file, reserve: 0 })
  await until('ingest is connected', async () => (await store.reader.status()).pulse?.host !== undefined)
  simulator.emit(2_000)
  const url = await servedAt(program)
  const last = simulator.archive.entries.length
  await until(
    'all of it has arrived',
    async () => ((await store.reader.status()).cursor?.value ?? 0) >= last - 20,
  )
  const board = await (await fetch(`${url}/v1/leaderboards/all?limit=1`)).text()
  const did = /"did":"([^"]+)"/.exec(board)?.[1] ?? ''
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

/** Where a program serves, once it does. */
async function servedAt(program: Program): Promise<string> {
  const told = /serving at (http:[^"]+)/
  await until('it serves', () => told.test(program.output))
  return told.exec(program.output)?.[1] ?? ''
}
