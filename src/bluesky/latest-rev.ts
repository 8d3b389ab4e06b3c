import { type Did, isTid, type Tid } from '@atcute/lexicons/syntax'
import { isObject } from '../atproto/json.ts'
import { openPublicUrl, openTrustedUrl } from './open-url.ts'
import { fetchJson, RequestError } from './request.ts'

const LIMITS = { timeoutMs: 10_000, maxBytes: 65_536 }

export type LatestRevOptions = {
  /** The repository's server: protocol, host and port. */
  pds: URL
  /** The address comes from the operator's own directory, and need not be public. */
  trusted: boolean
  signal: AbortSignal
}

/**
 * Asks for the newest revision of the repository of `did`. The answer is not signed: it says whether fetching the repository
 * is worth it, and nothing else.
 * @throws {RequestError}
 */
export async function fetchLatestRev(did: Did, { pds, trusted, signal }: LatestRevOptions): Promise<Tid> {
  const url = new URL('/xrpc/com.atproto.sync.getLatestCommit', pds)
  url.searchParams.set('did', did)
  const open = trusted ? openTrustedUrl : openPublicUrl
  const answer = await fetchJson(url.href, { ...LIMITS, signal, open })
  const rev = isObject(answer) ? answer.rev : undefined
  if (!isTid(rev)) throw new RequestError(`${pds.host} names no revision of the repository of ${did}`)
  return rev
}
