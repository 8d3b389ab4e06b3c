// One request to the server. It always ends within its time limit and never rejects, so a dead, slow or lying server is an outcome
// like any other.
import * as v from 'valibot'

export type Outcome<T> =
  | { kind: 'ok'; value: T }
  /** There is nobody and nothing there. */
  | { kind: 'absent' }
  /** The server wants us to wait. */
  | { kind: 'refused'; retryMs: number }
  /** Nothing came, or nothing that can be used. */
  | { kind: 'failed'; why: string }

type Fetch = (url: string, init: RequestInit) => Promise<Response>

export type RequestOptions = {
  fetch: Fetch
  /** @default 8,000 */
  timeoutMs?: number
  /** Longer answers are given up. @default 2 MiB */
  maxBytes?: number
  now?: () => number
}

/** Waits where a server names none, and the longest that one may ask for. */
const DEFAULT_RETRY_MS = 5_000
export const MAX_RETRY_MS = 15 * 60_000

/** Fetches JSON from `url` and reads it by `schema`. The browser's own cache revalidates by ETag. */
export async function requestJson<T>(
  url: string,
  schema: v.GenericSchema<unknown, T>,
  { fetch, timeoutMs = 8_000, maxBytes = 2 * 2 ** 20, now = Date.now }: RequestOptions,
): Promise<Outcome<T>> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(timeoutMs),
      headers: { accept: 'application/json' },
      // Neither cookies nor the page that it is for.
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      // If-None-Match by hand would need a preflight request for each address.
      cache: 'no-cache',
    })
    if (response.status === 404) return { kind: 'absent' }
    if (response.status === 429 || response.status === 503) {
      return { kind: 'refused', retryMs: retryAfter(response.headers.get('retry-after'), now()) }
    }
    if (!response.ok) return { kind: 'failed', why: `HTTP ${response.status}` }
    const read = v.safeParse(schema, JSON.parse(await textOf(response, maxBytes)))
    return read.success
      ? { kind: 'ok', value: read.output }
      : { kind: 'failed', why: `not what was expected: ${v.summarize(read.issues).slice(0, 300)}` }
  } catch (error) {
    return { kind: 'failed', why: error instanceof Error ? error.message : String(error) }
  }
}

/** Milliseconds from a Retry-After header, which names seconds or a date. */
export function retryAfter(header: string | null, now: number): number {
  if (header === null) return DEFAULT_RETRY_MS
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now
  return Number.isFinite(ms) ? Math.min(MAX_RETRY_MS, Math.max(0, ms)) : DEFAULT_RETRY_MS
}

async function textOf(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of chunksOf(response)) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

async function* chunksOf({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader()
  if (reader === undefined) return
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    // Leaving early ends the download; where it has ended already, this does nothing.
    await reader.cancel().catch(() => {})
  }
}
