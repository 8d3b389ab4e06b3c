// Response headers in /openapi.json. Hooks add them to every answer, so routes do not name them.

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
  ETag: text('asked for again with it in If-None-Match, an answer that still holds is a 304', 'W/"5-x3k"'),
  'Cache-Control': text('for how long the answer may be kept', 'public, max-age=5'),
  RateLimit: text('what is left to the client, and seconds until all of it is', '"default";r=1199;t=1'),
  'RateLimit-Policy': text('how many requests (q) in how many seconds (w)', '"default";q=1200;w=60'),
  'Retry-After': text('seconds after which to come back', '5'),
} as const

/** Operations that any number of requests may ask for. */
const UNLIMITED: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/** Says of each response in `document` which headers it has. Changes it in place. */
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
  // What is sent piece by piece has no tag.
  const tagged = method === 'get' && !/stream$|\.(csv|jsonl)$/.test(url)
  if (tagged && (status === '200' || status === '304')) names.push('ETag')
  if ((status === '429' || status === '503') && !UNLIMITED.has(url)) names.push('Retry-After')
  return names
}
