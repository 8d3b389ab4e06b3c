const ANY = new Intl.ListFormat('en-GB', { type: 'disjunction' })
const ALL = new Intl.ListFormat('en-GB', { type: 'conjunction' })

/** `post, repost or like`. */
export function anyOf(kinds: readonly string[]): string {
  return ANY.format(kinds)
}

/** `posts, reposts and likes`. */
export function allOf(kinds: readonly string[]): string {
  return ALL.format(kinds.map((kind) => `${kind}s`))
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
