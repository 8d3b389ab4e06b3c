/**
 * Whether a client that sent `known` in If-None-Match has the answer with `etag` (with quotes) already: RFC 9110, 13.1.2,
 * a weak comparison with each of its tags.
 */
export function isKnown(known: string | undefined, etag: string): boolean {
  if (known === undefined) return false
  return known === '*' || known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}
