import type { FastifyReply } from 'fastify'
import type { Site } from '../web/layout.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What the pages of this server have in common. */
    site: Site
  }
}

/** Content-Security-Policy of pages: everything comes from this server, nothing stands in the page itself. */
const RULES = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
]

/** Where forms may lead, redirects included. */
const HERE = ["'self'"]

/** Answers with a page; the caller sets `cache-control`. */
export function sendPage(reply: FastifyReply, page: string, { formsLeadTo = HERE } = {}): FastifyReply {
  const policy = [...RULES, `form-action ${formsLeadTo.join(' ')}`].join('; ')
  return reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(page)
}
