/** Hosts on one's own machine, which have no certificate. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/**
 * The origin that a person means by `text`, such as `https://rpg.example` by `rpg.example`; `undefined` if it names no server.
 * Without a scheme it is https, or http on one's own machine.
 */
export function serverAddress(text: string): string | undefined {
  const trimmed = text.trim()
  if (trimmed === '' || /\s/.test(trimmed)) return undefined
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`
  if (!URL.canParse(full)) return undefined
  const url = new URL(full)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined
  if (url.username !== '' || url.password !== '') return undefined
  if (full !== trimmed && LOOPBACK.test(url.hostname)) url.protocol = 'http:'
  return url.origin
}

/** The match pattern of permissions for all of `origin`: it has no port. */
export function patternOf(origin: string): string {
  const { protocol, hostname } = new URL(origin)
  return `${protocol}//${hostname}/*`
}
