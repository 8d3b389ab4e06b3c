// Response headers in /openapi.json. Hooks add them to every answer, so routes do not name them.
import { UNLIMITED } from './protect.ts'

type Response = { headers?: Record<string, { $ref: string }> }
type Operation = { responses?: Record<string, Response> }

export type Document = {
  components?: { headers?: Record<string, object> }
  paths?: Record<string, Record<string, Operation>>
}

const text = (description: string, example: string) => ({
  description,
  schema: { type: 'string', examples: [example] },
})

const HEADERS = {
  ETag: text('send it back in If-None-Match: an unchanged answer is a 304', 'W/"5-x3k"'),
  'Cache-Control': text('how long the answer may be cached', 'public, max-age=5'),
  RateLimit: text('requests left (r), and seconds until the limit is full again (t)', '"default";r=1199;t=1'),
  'RateLimit-Policy': text('requests (q) allowed in a window of seconds (w)', '"default";q=1200;w=60'),
  'Retry-After': text('seconds to wait before trying again', '5'),
} as const

/** Adds to each response in `document` the headers that it has, in place. */
export function describeHeaders(document: Document): void {
  document.components = { ...document.components, headers: HEADERS }
  for (const [url, operations] of Object.entries(document.paths ?? {})) {
    for (const [method, { responses = {} }] of Object.entries(operations)) {
      for (const [status, response] of Object.entries(responses)) {
        response.headers = Object.fromEntries(
          headersOf(url, method, status).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
        )
      }
    }
  }
}

function headersOf(url: string, method: string, status: string): (keyof typeof HEADERS)[] {
  const names: (keyof typeof HEADERS)[] = ['Cache-Control']
  if (!UNLIMITED.has(url)) names.push('RateLimit', 'RateLimit-Policy')
  // Streamed answers have no tag.
  const tagged = method === 'get' && !/stream$|\.(csv|jsonl)$/.test(url)
  if (tagged && (status === '200' || status === '304')) names.push('ETag')
  if ((status === '429' || status === '503') && !UNLIMITED.has(url)) names.push('Retry-After')
  return names
}
