// The image: what its Dockerfile says is carried out in a bare folder, and what comes of it runs there.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { folder, freePort, Running, said, servedAt, startNetwork, until } from '../e2e/harness.ts'
import { environmentOf, filesIn, makeImage, stagesOf } from './image.ts'

test('the image is built on versions, runs as nobody special, and has no shell between Docker and Node', () => {
  const stages = stagesOf()
  for (const { base } of stages) assert.match(base, /^node:\d+-slim$/)
  const last = stages.at(-1)?.steps ?? []
  const textOf = (name: string): string => last.findLast((step) => step.name === name)?.text ?? ''
  assert.equal(textOf('USER'), 'node')
  assert.match(textOf('ENTRYPOINT'), /^\["node",/)
  assert.match(textOf('HEALTHCHECK'), /^CMD \["node",/)
  // Nothing is copied or run as the user that it runs as: all of it stays another's.
  const user = last.findIndex(({ name }) => name === 'USER')
  assert.ok(last.slice(user).every(({ name }) => name !== 'COPY' && name !== 'RUN'))
  assert.ok(stages.every(({ steps }) => steps.every(({ name }) => name !== 'ADD')))
})

test('what the Dockerfile says makes a server that is healthy, writes to its volume only, and ends on its signal', async () => {
  using here = folder()
  const image = makeImage(here.path('image'))
  const app = join(image.root, image.workdir)
  const before = filesIn(app)
  assert.ok(before.includes('src/main.ts') && before.includes('LICENSE'))
  const forDevelopment = /^(test|dev|bench|extension)\/|^node_modules\/@biomejs\//
  assert.deepEqual(
    before.filter((name) => forDevelopment.test(name)),
    [],
  )

  await using simulator = await startNetwork({ seed: 3, actors: 50 })
  const port = await freePort()
  const environment = {
    ...environmentOf(image),
    HOST: '127.0.0.1',
    PORT: String(port),
    JETSTREAM_URLS: simulator.url,
    APPVIEW_URL: simulator.httpUrl,
    PLC_URL: simulator.httpUrl,
    DISK_RESERVE: '0',
  }
  const [program = '', ...args] = image.entrypoint
  await using server = new Running(program, [...args, ...image.command], { cwd: app, env: environment })
  const health = (): number | null => {
    const [checker = '', ...rest] = image.healthcheck
    return spawnSync(checker, rest, { cwd: app, env: environment }).status
  }
  await servedAt(server)
  assert.equal(health(), 0, server.output)
  // The API may be there before ingest, which begins with what comes after it has connected.
  await said(server, /listening to/)
  simulator.emit(200)
  await until('it counts', async () => {
    const stats = (await (await fetch(`http://127.0.0.1:${port}/v1/stats`)).json()) as {
      characters: number
    }
    return stats.characters > 0
  })
  assert.equal(await server.kill(image.stopSignal as NodeJS.Signals), 0, server.output)
  assert.equal(health(), 1)
  assert.deepEqual(filesIn(app), before)
  assert.ok(filesIn(join(image.root, 'data')).includes('bsky-rpg.db'))
})
