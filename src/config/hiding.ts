const SCHEME = /^\s*(cql|sqlite|https?|wss?)\b/i

/**
 * `text` without parts that may be passwords, for messages: keeps only the scheme and host of an address with credentials,
 * even if it is malformed.
 */
export function withoutSecrets(text: string): string {
  const at = text.lastIndexOf('@')
  // *** shows that there was a query or fragment: it may be the mistake.
  if (at < 0) return text.replace(/([?#]).+$/s, '$1***')
  const scheme = SCHEME.exec(text)?.[1]
  const [host = ''] = text.slice(at + 1).split(/[/?#]/)
  return `${scheme === undefined ? '' : `${scheme}://`}***@${host}`
}
