import type { FastifyInstance, HTTPMethods, onRequestHookHandler } from 'fastify'
import { problemOf, sendProblem } from './problem.ts'

const WRITES: readonly HTTPMethods[] = ['POST', 'PUT', 'PATCH', 'DELETE']

/** Has every resource say that it is only read. Before any route is added. */
export function refuseWrites(app: FastifyInstance): void {
  app.addHook('onRoute', function ({ method, url, exposeHeadRoute }) {
    if (method !== 'GET') return
    const readable = exposeHeadRoute === false ? ['GET'] : ['GET', 'HEAD']
    this.route({
      method: exposeHeadRoute === false ? [...WRITES, 'HEAD'] : [...WRITES],
      url,
      schema: { hide: true },
      // Before a body would be read.
      onRequest: refusal(readable),
      handler: () => {},
    })
  })
}

function refusal(readable: readonly string[]): onRequestHookHandler {
  const problem = problemOf(405, 'MethodNotAllowed', `This is only read, with ${readable.join(' or ')}.`)
  const allow = [...readable, 'OPTIONS'].join(', ')
  return function refuse(_request, reply) {
    sendProblem(reply.header('allow', allow), problem)
  }
}
