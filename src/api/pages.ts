import type { FastifyReply } from 'fastify'
import type { Site } from '../web/layout.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What the pages of this server have in common. */
    site: Site
  }
}

/** Content-Security-Policy of pages: everything comes from this server, nothing stands in the page itself. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Answers with a page; the caller sets `cache-control`. */
export function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.header('content-security-policy', POLICY).type('text/html; charset=utf-8').send(page)
}
