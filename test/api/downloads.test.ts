import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fastify } from 'fastify'
import { Downloads } from '../../src/api/downloads.ts'
import { ProblemError } from '../../src/api/problem.ts'

const OPTIONS = { max: 3, maxOfAClient: 2, error: 'TooMany', name: 'exports' }
const free = (): void => {}
async function* endless(): AsyncGenerator<string> {
  for (;;) yield 'a line\n'
}
const isProblem = (status: number) => (error: unknown) =>
  error instanceof ProblemError && error.status === status

test('a client that reads slowly keeps the others from no more than its own places', async () => {
  const downloads = new Downloads(fastify(), OPTIONS)
  const begin = (address: string) => downloads.begin(address, free, endless)
  const [first] = [begin('192.0.2.1'), begin('192.0.2.1')]
  assert.throws(() => begin('192.0.2.1'), isProblem(429))
  begin('192.0.2.2')
  assert.throws(() => begin('192.0.2.3'), isProblem(503))
  first.destroy()
  await new Promise((resolve) => first.once('close', resolve))
  begin('192.0.2.3')
})

test('who cannot pay takes no place', () => {
  const downloads = new Downloads(fastify(), OPTIONS)
  for (let n = 0; n < 5; n++) {
    const pay = (): void => {
      throw new ProblemError(429, 'RateLimited', 'Too many requests.')
    }
    assert.throws(() => downloads.begin('192.0.2.1', pay, endless), isProblem(429))
  }
  downloads.begin('192.0.2.1', free, endless)
})

test('a download that ends gives its place back, and a shutdown waits for none', async () => {
  const app = fastify()
  const downloads = new Downloads(app, { ...OPTIONS, maxOfAClient: 1 })
  async function* two(): AsyncGenerator<string> {
    yield* ['a', 'b']
  }
  const read = await downloads.begin('192.0.2.1', free, two).toArray()
  assert.deepEqual(read, ['a', 'b'])
  const open = downloads.begin('192.0.2.1', free, endless)
  await app.close()
  assert.equal(open.destroyed, true)
})
