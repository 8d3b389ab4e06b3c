import { bounded, type OpenUrl } from './request.ts'

export type FetchViaOptions = {
  /** Opens the URLs; see `openPublicUrl` for those that come from strangers. */
  open: OpenUrl
  /** Time limit for a whole answer, in milliseconds. */
  timeoutMs: number
  /** A longer answer is an error. */
  maxBytes: number
}

/** Statuses whose answers have no body. */
const BODYLESS: ReadonlySet<number> = new Set([101, 204, 205, 304])

/** A `fetch` for libraries, within our limits: it opens URLs by `open` alone, reads answers whole, and follows no redirect. */
export function fetchVia({ open, timeoutMs, maxBytes }: FetchViaOptions): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const body = new Uint8Array(await request.arrayBuffer())
    const opened = await open(request.url, {
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]),
      headers: Object.fromEntries(request.headers),
      method: request.method,
      ...(body.length === 0 ? {} : { body }),
    })
    const { status, headers } = opened
    const answer = await bounded(opened.body, maxBytes)
    return new Response(BODYLESS.has(status) ? null : new Uint8Array(answer), { status, headers })
  }
}
