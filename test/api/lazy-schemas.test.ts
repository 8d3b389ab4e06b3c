import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fastify } from 'fastify'
import { lazyCompilers } from '../../src/api/lazy-schemas.ts'

const QUERY = {
  type: 'object',
  required: ['limit'],
  additionalProperties: false,
  properties: { limit: { type: 'integer', minimum: 1 }, sort: { enum: ['up', 'down'], default: 'up' } },
}
const BODY = { type: 'object', required: ['name'], properties: { name: { $ref: 'Name#' } } }
const ANSWER = { type: 'object', properties: { limit: { type: 'integer' }, name: { $ref: 'Name#' } } }

/** A server with a schema that several routes share, by the framework's compilers or ours. */
async function server(schemaController: object) {
  const app = fastify({ schemaController })
  app.addSchema({ $id: 'Name', type: 'string', maxLength: 5 })
  await app.register(async (scope) => {
    scope.get('/', { schema: { querystring: QUERY, response: { 200: ANSWER } } }, async ({ query }) => ({
      ...(query as object),
      secret: 'is in no schema',
    }))
    scope.post('/', { schema: { body: BODY, response: { 200: ANSWER } } }, async ({ body }) => body)
  })
  return app
}

test('requests are judged and answers written as by the framework itself', async () => {
  await using ours = await server({ compilersFactory: lazyCompilers() })
  await using theirs = await server({})
  const gets = [
    '?limit=3',
    '?limit=3&sort=down',
    '?limit=0',
    '?limit=x',
    '',
    '?limit=1&other=2',
    '?limit=1&sort=left',
  ]
  const posts = [{ name: 'Alice' }, { name: 'too long' }, {}, { name: 7 }, [], 'text']
  const requests = [
    ...gets.map((query) => ({ method: 'GET', url: `/${query}` }) as const),
    ...posts.map((payload) => ({ method: 'POST', url: '/', payload: payload as object }) as const),
  ]
  const statuses = new Set<number>()
  // Twice: compiled by the first request, and used by the next.
  for (const request of [...requests, ...requests]) {
    const [one, other] = [await ours.inject(request), await theirs.inject(request)]
    assert.deepEqual([one.statusCode, one.json()], [other.statusCode, other.json()], JSON.stringify(request))
    statuses.add(one.statusCode)
  }
  assert.deepEqual([...statuses].sort(), [200, 400, 415])
})

test('a schema is compiled when the first request needs it, and once', async () => {
  let reads = 0
  const app = fastify({ schemaController: { compilersFactory: lazyCompilers() } })
  const response = {
    200: {
      type: 'object',
      get properties() {
        reads += 1
        return { name: { type: 'string' } }
      },
    },
  }
  app.get('/', { schema: { response } }, async () => ({ name: 'Alice' }))
  await app.ready()
  const atStart = reads
  await app.inject('/')
  const once = reads
  assert.ok(once > atStart, `${once} reads, ${atStart} at the start`)
  await app.inject('/')
  assert.equal(reads, once)
  await app.close()
})
