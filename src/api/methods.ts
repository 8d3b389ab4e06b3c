import { METHODS as ALL } from 'node:http'
import type { FastifyInstance, HTTPMethods, onRequestHookHandler } from 'fastify'
import { problemOf, sendProblem } from './problem.ts'

/** All that Node reads, but for two: CONNECT never becomes a request, and OPTIONS has an answer of its own. */
const METHODS = ALL.filter((method) => method !== 'CONNECT' && method !== 'OPTIONS') as readonly HTTPMethods[]

/** Has every resource say with which methods it is asked for. Before any route is added. */
export function answerOtherMethods(app: FastifyInstance): void {
  const own = new Set<string>()
  for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
  app.addHook('onRoute', function ({ method, url }) {
    if (own.has(`${method} ${url}`) || (method !== 'GET' && method !== 'POST')) return
    // Routes whose HEAD the framework does not derive from their GET have one of their own.
    const allowed: HTTPMethods[] = method === 'POST' ? ['POST'] : ['GET', 'HEAD']
    const allow = [...allowed, 'OPTIONS'].join(', ')
    const add = (methods: HTTPMethods[], onRequest: onRequestHookHandler): void => {
      for (const other of methods) own.add(`${other} ${url}`)
      // The hook answers before a body would be read.
      for (const other of methods)
        this.route({
          method: other,
          url,
          schema: { hide: true },
          exposeHeadRoute: false,
          onRequest,
          handler: () => {},
        })
    }
    add(
      METHODS.filter((other) => !allowed.includes(other)),
      refusal(allowed, allow),
    )
    add(['OPTIONS'], (_request, reply) => {
      reply
        .code(204)
        .headers({ ...PREFLIGHT, allow })
        .send()
    })
  })
}

/** What browsers ask before a request of another origin. */
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST',
  'access-control-allow-headers': 'if-none-match, last-event-id, authorization, content-type',
  'access-control-max-age': '86400',
}

function refusal(allowed: readonly string[], allow: string): onRequestHookHandler {
  const problem = problemOf(405, 'MethodNotAllowed', `This is asked for with ${allowed.join(' or ')}.`)
  return function refuse(_request, reply) {
    sendProblem(reply.header('allow', allow), problem)
  }
}
