import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether a request's Authorization header has the operator's token. In constant time: compares digests, which have equal lengths. */
export function hasToken(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined || authorization === undefined) return false
  return timingSafeEqual(digest(authorization), digest(`Bearer ${token}`))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
