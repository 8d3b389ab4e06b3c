import { METHODS as ALL } from 'node:http'
import type { FastifyInstance, HTTPMethods, onRequestHookHandler } from 'fastify'
import { problemOf, sendProblem } from './problem.ts'

/** All methods that Node parses, except CONNECT, which never becomes a request, and OPTIONS, answered below. */
const METHODS = ALL.filter((method) => method !== 'CONNECT' && method !== 'OPTIONS') as readonly HTTPMethods[]

/** Answers wrong methods with 405, and OPTIONS, on every route added after this call. */
export function answerOtherMethods(app: FastifyInstance): void {
  const own = new Set<string>()
  for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
  app.addHook('onRoute', function ({ method, url }) {
    if (own.has(`${method} ${url}`) || (method !== 'GET' && method !== 'POST')) return
    // Every GET has a HEAD: the framework derives it, or the route adds its own.
    const allowed: HTTPMethods[] = method === 'POST' ? ['POST'] : ['GET', 'HEAD']
    const allow = [...allowed, 'OPTIONS'].join(', ')
    const add = (methods: HTTPMethods[], onRequest: onRequestHookHandler): void => {
      for (const other of methods) own.add(`${other} ${url}`)
      // Answered by the hook, before the body is read.
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

/** CORS: answers to a preflight request. */
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST',
  'access-control-allow-headers': 'if-none-match, last-event-id, authorization, content-type',
  'access-control-max-age': '86400',
}

function refusal(allowed: readonly string[], allow: string): onRequestHookHandler {
  const problem = problemOf(405, 'MethodNotAllowed', `Use ${allowed.join(' or ')} here.`)
  return function refuse(_request, reply) {
    sendProblem(reply.header('allow', allow), problem)
  }
}
