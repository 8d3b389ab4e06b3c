const DID = /^did:[a-z]+:[\w.:%-]{1,2000}$/
const HANDLE = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/i
/** Marks of direction that apps put around handles, and spaces. */
const INVISIBLE = /[\u00a0\u200e\u200f\u202a-\u202e\u2066-\u2069\s]/g

/** The handle in lower case, or the DID, that `text` names, with or without @; `undefined` if it names nobody. */
export function actorIn(text: string): string | undefined {
  const name = text.replace(INVISIBLE, '').replace(/^@/, '')
  if (isDid(name)) return name
  return HANDLE.test(name) ? name.toLowerCase() : undefined
}

/** Whether `actor` is a DID rather than a handle. */
export function isDid(actor: string): boolean {
  return DID.test(actor)
}

/** The actor of a link to a profile itself, such as `/profile/alice.example`. */
export function actorOfPath(path: string | null): string | undefined {
  const found = /^\/profile\/([^/?#]+)\/?$/.exec(path ?? '')?.[1]
  if (found === undefined) return undefined
  try {
    return actorIn(decodeURIComponent(found))
  } catch {
    return undefined
  }
}
