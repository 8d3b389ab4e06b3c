import { METHODS as ALL } from 'node:http'
import type { FastifyInstance, HTTPMethods, onRequestHookHandler } from 'fastify'
import { problemOf, sendProblem } from './problem.ts'

/** All methods that Node parses, except CONNECT, which never becomes a request, and OPTIONS, answered below. */
const METHODS = ALL.filter((method) => method !== 'CONNECT' && method !== 'OPTIONS') as readonly HTTPMethods[]

/** All methods that our routes take, in the order in which Allow names them. */
const OURS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'DELETE']

/** Collects the methods of every route added after this call. @returns what answers all others, once all routes are added */
export function collectMethods(app: FastifyInstance): () => void {
  const allowed = new Map<string, HTTPMethods[]>()
  for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
  let isCollecting = true
  app.addHook('onRoute', ({ method, url }) => {
    if (!isCollecting) return
    const own = allowed.getOrInsertComputed(url, () => [])
    for (const one of [method].flat() as HTTPMethods[]) if (!own.includes(one)) own.push(one)
  })
  return () => {
    isCollecting = false
    for (const [url, own] of allowed)
      answerOtherMethods(
        app,
        url,
        OURS.filter((method) => own.includes(method)),
      )
  }
}

/** Answers wrong methods at `url` with 405, and OPTIONS. */
function answerOtherMethods(app: FastifyInstance, url: string, allowed: readonly HTTPMethods[]): void {
  const allow = [...allowed, 'OPTIONS'].join(', ')
  const add = (methods: HTTPMethods[], onRequest: onRequestHookHandler): void => {
    // Answered by the hook, before the body is read.
    for (const method of methods)
      app.route({ method, url, schema: { hide: true }, exposeHeadRoute: false, onRequest, handler: () => {} })
  }
  add(
    METHODS.filter((method) => !allowed.includes(method)),
    refusal(allowed, allow),
  )
  add(['OPTIONS'], (_request, reply) => {
    reply
      .code(204)
      .headers({ ...PREFLIGHT, allow })
      .send()
  })
}

/** CORS: answers to a preflight request. */
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
  'access-control-allow-headers': 'if-none-match, last-event-id, authorization, content-type',
  'access-control-max-age': '86400',
}

function refusal(allowed: readonly string[], allow: string): onRequestHookHandler {
  const problem = problemOf(405, 'MethodNotAllowed', `Use ${allowed.join(' or ')} here.`)
  return function refuse(_request, reply) {
    sendProblem(reply.header('allow', allow), problem)
  }
}
