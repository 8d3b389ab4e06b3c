// Signing in with AT Protocol OAuth. All that is asked for is who somebody is: their server's tokens are given back at once.
import { type Did, type Handle, isDid } from '@atcute/lexicons/syntax'
import {
  type AtprotoAuthorizationServerMetadata,
  type AtprotoProtectedResourceMetadata,
  type ClientAssertionPrivateJwk,
  generateClientAssertionKey,
  MemoryStore,
  OAuthCallbackError,
  OAuthClient,
  type SessionStore,
  type StateStore,
  type StoredSession,
  type StoredState,
} from '@atcute/oauth-node-client'
import { isObject } from '../atproto/json.ts'
import { fetchVia } from './fetch-via.ts'
import { findPds } from './identity.ts'
import { openPublicUrl, openTrustedUrl } from './open-url.ts'
import { isOnThisMachine } from './public-address.ts'

/** Sign-ins that wait for their people to come back from their servers; whatever process they come back to. */
type PendingSignIns = {
  /** @param untilMs when it expires, in milliseconds since the epoch */
  keep(state: string, text: string, untilMs: number): Promise<void>
  /** Gives what was kept, once. */
  take(state: string): Promise<string | undefined>
}

export type SignInOptions = {
  /** The address at which other servers reach this one; `undefined` where they do not. */
  publicUrl: string | undefined
  /** The PLC directory. */
  plcUrl: string
  /** The DID behind a handle, as far as the network knows. */
  resolve: (handle: Handle, signal: AbortSignal) => Promise<Did | undefined>
  pending: PendingSignIns
  /** This server's private key, which `make` makes if there is none yet. */
  key: (make: () => Promise<string>) => Promise<string>
}

/** Why somebody is not signed in. */
export type SignInFailure =
  /** Nobody of that name is known. */
  | 'unknown'
  /** They, or their server, said no. */
  | 'denied'
  /** It took too long, was begun elsewhere, or has been finished already. */
  | 'expired'
  /** A server on the way does not answer, or not as it should. */
  | 'unavailable'

export class SignInError extends Error {
  override name = 'SignInError'
  readonly failure: SignInFailure

  constructor(failure: SignInFailure, message: string, cause?: unknown) {
    super(message, { cause })
    this.failure = failure
  }
}

/** Only who they are: no scope of this grants access to anything. */
const SCOPE = 'atproto'
/** The protocol's word for a handle that is not known. */
const INVALID: Handle = 'handle.invalid'
/** What is remembered of servers that people signed in at. */
const CACHED = { maxSize: 100, ttl: 60_000 }
const LIMITS = { timeoutMs: 10_000, maxBytes: 2 ** 18 }
/** Loopback addresses under which this server was reached: one, or a few where ports are forwarded. */
const MAX_CLIENTS = 20

export const CALLBACK_PATH = '/oauth/callback'
export const METADATA_PATH = '/oauth/client-metadata.json'
export const KEYS_PATH = '/oauth/jwks.json'

/** Lets people sign in at their own servers. */
export class SignIn {
  readonly #options: SignInOptions
  readonly #clients = new Map<string, Promise<OAuthClient>>()

  constructor(options: SignInOptions) {
    this.#options = options
  }

  /**
   * The address under which this server is known to the servers that sign people in: `PUBLIC_URL`, or without one a loopback
   * address, which stands for a program on the person's own machine.
   * @param host of the request
   * @returns `undefined` where nobody can sign in
   */
  addressFor(host: string): string | undefined {
    const { publicUrl } = this.#options
    const at = URL.parse(publicUrl ?? `http://${host}`)
    if (at?.protocol === 'https:') return publicUrl
    // Servers accept no name for a program on the person's machine.
    const ip = at?.hostname === 'localhost' ? '127.0.0.1' : at?.hostname
    if (at === null || (ip !== '127.0.0.1' && ip !== '[::1]')) return undefined
    return `http://${ip}${at.port === '' ? '' : `:${at.port}`}`
  }

  /** What other servers read about this one; `undefined` for a program on somebody's machine. */
  async published(): Promise<{ metadata: object; keys: object } | undefined> {
    const address = this.addressFor('')
    if (!address?.startsWith('https:')) return undefined
    const { metadata, jwks } = await this.#client(address)
    return jwks && { metadata, keys: jwks }
  }

  /**
   * Begins a sign-in.
   * @param options `address`: see `addressFor`; `browser` comes back from `finish`
   * @returns the page of the person's own server to send them to
   * @throws {SignInError}
   */
  async begin(
    name: Did | Handle,
    { address, browser, signal }: { address: string; browser: string; signal: AbortSignal },
  ): Promise<URL> {
    try {
      if (!isDid(name) && (await this.#options.resolve(name, signal)) === undefined) {
        throw new SignInError('unknown', `${name} is not known to the network`)
      }
      const client = await this.#client(address)
      const { url } = await client.authorize({
        target: { type: 'account', identifier: name },
        state: { browser },
        signal,
      })
      return url
    } catch (error) {
      if (error instanceof SignInError || signal.aborted) throw error
      throw new SignInError('unavailable', `${name} cannot sign in right now: ${reason(error)}`, error)
    }
  }

  /**
   * Finishes a sign-in, and gives the tokens back to the server that issued them.
   * @param query of the request by which the person came back
   * @throws {SignInError}
   */
  async finish(query: URLSearchParams, address: string): Promise<{ did: Did; browser: string }> {
    try {
      const client = await this.#client(address)
      const { session, state } = await client.callback(query)
      await session.signOut()
      return { did: session.did, browser: isObject(state) ? String(state.browser) : '' }
    } catch (error) {
      if (!(error instanceof OAuthCallbackError)) {
        throw new SignInError('unavailable', `a sign-in could not be finished: ${reason(error)}`, error)
      }
      const isOurs = error.error === 'invalid_request'
      throw new SignInError(
        isOurs ? 'expired' : 'denied',
        `a sign-in was not finished: ${error.message}`,
        error,
      )
    }
  }

  #client(address: string): Promise<OAuthClient> {
    const known = this.#clients.get(address)
    if (known !== undefined) return known
    if (this.#clients.size >= MAX_CLIENTS) this.#clients.clear()
    const made = this.#newClient(address)
    this.#clients.set(address, made)
    made.catch(() => this.#clients.delete(address))
    return made
  }

  async #newClient(address: string): Promise<OAuthClient> {
    const { plcUrl, resolve, pending, key } = this.#options
    const isLocal = isOnThisMachine(plcUrl)
    const parts = {
      stores: {
        sessions: noSessions(),
        states: statesIn(pending),
        // As the library has them, but without timers, which would keep a process for a minute that has nothing left to do.
        prMetadata: new MemoryStore<string, AtprotoProtectedResourceMetadata>(CACHED),
        asMetadata: new MemoryStore<string, AtprotoAuthorizationServerMetadata>(CACHED),
        dpopNonces: new MemoryStore<string, string>(CACHED),
      },
      actorResolver: {
        resolve: async (actor: Did | Handle, options: { signal?: AbortSignal } = {}) => {
          const { signal = AbortSignal.timeout(LIMITS.timeoutMs) } = options
          const did = isDid(actor) ? actor : await resolve(actor, signal)
          if (did === undefined) throw new TypeError(`${actor} is not known to the network`)
          const pds = await findPds(did, { plcUrl, signal })
          // The handle is only shown by their server, which knows better whose it is.
          return { did, handle: isDid(actor) ? INVALID : actor, pds: pds.href }
        },
      },
      fetch: fetchVia({ open: isLocal ? openTrustedUrl : openPublicUrl, ...LIMITS }),
    }
    const metadata = { scope: SCOPE, redirect_uris: [`${address}${CALLBACK_PATH}`] as [string] }
    const client = new OAuthClient(
      address.startsWith('https:')
        ? { ...parts, metadata: published(address, metadata), keyset: [await keyOf(key)] }
        : { ...parts, metadata },
    )
    if (isLocal) allowHttp(client)
    return client
  }
}

type Metadata = { scope: string; redirect_uris: [string] }

function published(address: string, metadata: Metadata) {
  return {
    ...metadata,
    client_id: `${address}${METADATA_PATH}`,
    client_name: 'bsky-rpg',
    client_uri: address,
    policy_uri: `${address}/about`,
    jwks_uri: `${address}${KEYS_PATH}`,
  }
}

async function keyOf(key: SignInOptions['key']): Promise<ClientAssertionPrivateJwk> {
  const made = async (): Promise<string> =>
    JSON.stringify(await generateClientAssertionKey('bsky-rpg', 'ES256'))
  return JSON.parse(await key(made)) as ClientAssertionPrivateJwk
}

/** The library's sign-ins under way, as text that any store can hold. */
function statesIn(pending: PendingSignIns): StateStore {
  return {
    set: (id, state) => pending.keep(id, JSON.stringify(state), state.expiresAt),
    get: async (id) => {
      const text = await pending.take(id)
      return text === undefined ? undefined : (JSON.parse(text) as StoredState)
    },
    // `take` has removed it.
    delete: () => {},
    clear: () => {},
  }
}

/** Holds tokens for the moment between getting them and giving them back. */
function noSessions(): SessionStore {
  const held = new Map<Did, StoredSession>()
  return {
    get: (did) => held.get(did),
    set: (did, session) => void held.set(did, session),
    delete: (did) => void held.delete(did),
    clear: () => held.clear(),
  }
}

/** Servers of a network on this machine have no certificates. The library knows such networks, but has no option for them. */
function allowHttp(client: OAuthClient): void {
  const { resolver } = client as unknown as { resolver: Record<string, { allowHttp?: boolean }> }
  const parts = [resolver.protectedResourceResolver, resolver.authorizationServerResolver]
  for (const part of parts) {
    if (part?.allowHttp === undefined) throw new TypeError('this version of the OAuth library is not known')
    part.allowHttp = true
  }
}

/** An error with its causes, which say what the library's own message leaves out. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${reason(error.cause)}`
}
