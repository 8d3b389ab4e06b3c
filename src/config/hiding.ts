const SCHEME = /^\s*(cql|sqlite|https?|wss?)\b/i

/**
 * `text` as it may be printed: of an address only the scheme and the host, since what stands between them or behind them may
 * be a password, also in an address that is written wrongly.
 */
export function withoutSecrets(text: string): string {
  const at = text.lastIndexOf('@')
  // That something stands there is told: it may be what is wrong.
  if (at < 0) return text.replace(/([?#]).+$/s, '$1***')
  const scheme = SCHEME.exec(text)?.[1]
  const [host = ''] = text.slice(at + 1).split(/[/?#]/)
  return `${scheme === undefined ? '' : `${scheme}://`}***@${host}`
}
