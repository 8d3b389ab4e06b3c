import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { publicLookup, publicUrl } from './public-address.ts'
import type { Opened, OpenUrl } from './request.ts'

/** Opens URLs that come from strangers: connects only to public addresses, by https on port 443. */
export const openPublicUrl: OpenUrl = async (url, options) =>
  openUrlVia(publicUrl(url), publicLookup(), options)

/** Opens URLs that the operator configured, wherever they lead. */
export const openTrustedUrl: OpenUrl = async (url, options) => openUrlVia(new URL(url), undefined, options)

/** Opens `url` with sockets that resolve hosts by `lookup`. */
export async function openUrlVia(
  url: URL,
  lookup: LookupFunction | undefined,
  { signal, headers, method = 'GET', body }: Parameters<OpenUrl>[1],
): Promise<Opened> {
  const head = Promise.withResolvers<IncomingMessage>()
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  const asked = request(url, {
    // No pooled sockets: each one must be connected to an address that its own look-up checked.
    agent: false,
    signal,
    method,
    headers: { 'user-agent': 'bsky-rpg', ...headers },
    ...(lookup !== undefined && { lookup }),
  })
  asked.on('response', head.resolve).on('error', head.reject)
  // After an upgrade to another protocol the socket closes without an error.
  asked.on('close', () => head.reject(new Error('the connection was closed')))
  asked.end(body)
  const response = await head.promise
  const headersOfAnswer = new Headers()
  for (const [name, values = []] of Object.entries(response.headersDistinct)) {
    for (const value of values) headersOfAnswer.append(name, value)
  }
  return { status: response.statusCode ?? 0, headers: headersOfAnswer, body: response }
}
