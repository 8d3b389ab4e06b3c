import type { FastifyInstance } from 'fastify'
import { problemOf, sendProblem } from './problem.ts'

/** Refuses compressed bodies: their sender decides how large they grow when inflated. */
export function refuseCompressedBodies(app: FastifyInstance): void {
  app.addHook('onRequest', function refuseCompressed(request, reply, done) {
    const encoding = request.headers['content-encoding']
    if (encoding === undefined || encoding.toLowerCase() === 'identity') {
      done()
      return
    }
    const detail = `Content-Encoding is ${JSON.stringify(encoding.slice(0, 100))}; expected a body that is not compressed.`
    sendProblem(reply.header('accept-encoding', 'identity'), problemOf(415, 'UnsupportedMediaType', detail))
  })
}
