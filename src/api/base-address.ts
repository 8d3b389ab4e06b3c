import type { FastifyRequest } from 'fastify'

/**
 * The address of this server without a slash at its end: `PUBLIC_URL`, or what the client asked. Empty where the client
 * named no host that could be one.
 */
export function baseAddress(request: FastifyRequest, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl
  const asked = URL.parse(`${request.protocol}://${request.host}`)
  return asked === null || asked.origin === 'null' ? '' : asked.origin
}
