import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { generateApi } from 'swagger-typescript-api'
import { alice, bob, build, profile } from './harness.ts'

const run = promisify(execFile)
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))

type Operation = { operationId?: string; tags?: string[]; summary?: string; description?: string }

async function document(): Promise<string> {
  await using server = await build({ settings: { publicUrl: 'https://rpg.example' } })
  return (await server.get('/openapi.json')).body
}

test("the document has nothing that redocly's recommended rules find fault with", async () => {
  const config = await createConfig({ extends: ['recommended'] })
  const found = await lintFromString({ source: await document(), config })
  assert.deepEqual(
    found.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
    [],
  )
})

test('every operation says what it is, and the most used come first', async () => {
  const { paths, components, info } = JSON.parse(await document())
  const operations = Object.values<Record<string, Operation>>(paths).flatMap((path) => Object.values(path))
  for (const { operationId, tags, summary } of operations) {
    const name = String(operationId)
    assert.match(name, /^[a-z][A-Za-z]+$/)
    assert.equal(tags?.length, 1, name)
    assert.match(String(summary), /^(Get|List|Find|Follow|Export|Check|Go|Import|Cancel) /, name)
  }
  const ids = operations.map(({ operationId }) => operationId)
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(ids[0], 'getCharacter')
  for (const name of ['Character', 'Leveling', 'Rank', 'LedgerEvent', 'FollowedEvent', 'Board', 'Problem']) {
    assert.ok(components.schemas[name], name)
  }
  assert.match(info.description, /curl 'https:\/\/rpg\.example\/v1\/characters\//)
})

test('a client that is generated from it compiles, and reads what this server answers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-client-'))
  try {
    await generateApi({
      spec: JSON.parse(await document()),
      fileName: 'client.ts',
      output: folder,
      silent: true,
      httpClientType: 'fetch',
    })
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    writeFileSync(join(folder, 'use.ts'), USE)
    symlinkSync(modules, join(folder, 'node_modules'))
    const strict = [
      '--strict',
      '--skipLibCheck',
      '--target',
      'esnext',
      '--module',
      'nodenext',
      '--outDir',
      'out',
    ]
    const tsc = join(modules, '.bin', 'tsc')
    await run(tsc, [...strict, '--types', 'node', 'use.ts', 'client.ts'], { cwd: folder }).catch(
      ({ stdout }: { stdout: string }) => assert.fail(stdout),
    )
    await using server = await build()
    server.ledger.join(alice, profile('alice.example')).join(bob)
    server.ledger.earn(alice, { delta: 250 }).earn(bob, { delta: 60 })
    const url = await server.app.listen({ port: 0, host: '127.0.0.1' })
    const { stdout } = await run(process.execPath, [join(folder, 'out', 'use.js'), url, alice, bob])
    assert.deepEqual(JSON.parse(stdout), {
      level: 3,
      names: ['alice.example', null],
      outcomes: ['known', 'known', 'notAName'],
      deltas: [250],
      first: [1, alice],
      error: 'UnknownCharacter',
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** A program that uses the generated client; the compiler checks every field. */
const USE = `import { Api, type Problem } from './client.js'
const [url = '', alice = '', bob = ''] = process.argv.slice(2)
const { v1 } = new Api({ baseUrl: url })
const character = (await v1.getCharacter(alice)).data
const level: number = character.leveling.level
const list = (await v1.getCharactersByBody({ actors: [alice, bob, 'no name'] })).data
const names: (string | null)[] = list.items.map(({ handle }) => handle)
const events = (await v1.getCharacterEvents(alice, { limit: 5 })).data
const board = (await v1.getLeaderboard({ limit: 1 })).data
const [first] = board.items
const error = await v1.getCharacter('nobody.example').catch((answer: { error: Problem }) => answer.error.error)
console.log(JSON.stringify({
  level,
  names,
  outcomes: list.asked.map(({ outcome }) => outcome),
  deltas: events.items.map(({ delta }) => delta),
  first: [first?.rank, first?.character.did],
  error,
}))
`
