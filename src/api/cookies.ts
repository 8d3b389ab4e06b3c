/** The value of the cookie `name` in a request's Cookie header. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const [own = '', ...value] = part.split('=')
    if (own.trim() === name) return value.join('=').trim()
  }
  return undefined
}

export type CookieOptions = {
  /** Whether only https may carry it. */
  secure: boolean
  /** Seconds until the browser drops it; 0 drops it at once. */
  maxAge: number
}

/**
 * A Set-Cookie header. No script reads the cookie, and no form or picture on another site sends it; a link from there does, which
 * is how people come back from their own servers.
 */
export function cookie(name: string, value: string, { secure, maxAge }: CookieOptions): string {
  const attributes = [
    'Path=/',
    `Max-Age=${maxAge}`,
    'HttpOnly',
    'SameSite=Lax',
    ...(secure ? ['Secure'] : []),
  ]
  return [`${name}=${value}`, ...attributes].join('; ')
}

/** On https browsers accept a cookie of this name only from this very host, over https. */
export function cookieName(name: string, secure: boolean): string {
  return secure ? `__Host-${name}` : name
}
