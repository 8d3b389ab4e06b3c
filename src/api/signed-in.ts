import { createHash, randomBytes } from 'node:crypto'
import type { Did } from '@atcute/lexicons/syntax'
import { isDid } from '@atcute/lexicons/syntax'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Micros } from '../atproto/event.ts'
import { secondsOf } from '../game/time.ts'
import type { Sessions } from '../store/sessions.ts'
import { cookie, cookieName, readCookie } from './cookies.ts'

/** Who sent a request. `formToken` is in each form of their pages; see `assertToken`. */
export type Visitor = { did: Did; formToken: string }

/** How long somebody stays signed in, in seconds: there is little to do here, and a browser may be shared. */
const SESSION_SECONDS = 7 * 86_400

/** The browser's half of a sign-in that has begun, in seconds. */
const SIGN_IN_SECONDS = 600

const SESSION = 'bsky-rpg-session'
const SIGN_IN = 'bsky-rpg-sign-in'

export type SignedInOptions = {
  sessions: Sessions
  clock: () => Micros
}

/** Knows by cookies who is signed in. A cookie is a DID and a random token; the store has the token's hash. */
export class SignedIn {
  readonly #sessions: Sessions
  readonly #clock: () => Micros

  constructor({ sessions, clock }: SignedInOptions) {
    this.#sessions = sessions
    this.#clock = clock
  }

  /** Signs `did` in with the browser that made this request. */
  async begin(reply: FastifyReply, did: Did, secure: boolean): Promise<void> {
    const token = randomToken()
    const now = this.#now()
    await this.#sessions.signIn({ did, id: hashOf(token), until: now + SESSION_SECONDS }, now)
    setCookie(reply, SESSION, `${token}.${did}`, { secure, maxAge: SESSION_SECONDS })
  }

  /** The person who is signed in with this browser, if there is one. */
  async visitor(request: FastifyRequest, secure: boolean): Promise<Visitor | undefined> {
    const session = sessionOf(request, secure)
    if (session === undefined) return undefined
    const { did, token } = session
    if (!(await this.#sessions.isSignedIn(did, hashOf(token), this.#now()))) return undefined
    return { did, formToken: hashOf(`form ${token}`) }
  }

  /** Ends this browser's session. */
  async end(request: FastifyRequest, reply: FastifyReply, secure: boolean): Promise<void> {
    const session = sessionOf(request, secure)
    if (session !== undefined) await this.#sessions.signOut(session.did, hashOf(session.token))
    setCookie(reply, SESSION, '', { secure, maxAge: 0 })
  }

  /** Ends the person's sessions in all browsers. */
  async endEverywhere(reply: FastifyReply, did: Did, secure: boolean): Promise<void> {
    await this.#sessions.signOutEverywhere(did)
    setCookie(reply, SESSION, '', { secure, maxAge: 0 })
  }

  #now(): number {
    return secondsOf(this.#clock())
  }
}

/** Marks this browser as the one that began a sign-in. @returns the mark to find again when somebody comes back */
export function markBrowser(reply: FastifyReply, secure: boolean): string {
  const token = randomToken()
  setCookie(reply, SIGN_IN, token, { secure, maxAge: SIGN_IN_SECONDS })
  return hashOf(token)
}

/** The mark of the sign-in that this browser began last; takes it off. */
export function takeMark(request: FastifyRequest, reply: FastifyReply, secure: boolean): string | undefined {
  const token = readCookie(request.headers.cookie, cookieName(SIGN_IN, secure))
  setCookie(reply, SIGN_IN, '', { secure, maxAge: 0 })
  return token === undefined ? undefined : hashOf(token)
}

/** The hash of a secret, under which it may be stored. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

function randomToken(): string {
  return randomBytes(32).toString('base64url')
}

function sessionOf(request: FastifyRequest, secure: boolean): { token: string; did: Did } | undefined {
  const value = readCookie(request.headers.cookie, cookieName(SESSION, secure))
  const [, token, did] = /^([\w-]{43})\.(did:.+)$/.exec(value ?? '') ?? []
  return token !== undefined && isDid(did) ? { token, did } : undefined
}

function setCookie(
  reply: FastifyReply,
  name: string,
  value: string,
  options: { secure: boolean; maxAge: number },
): void {
  reply.header('set-cookie', cookie(cookieName(name, options.secure), value, options))
}
