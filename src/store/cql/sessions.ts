import type { Did } from '../../atproto/event.ts'
import type { Seconds } from '../../game/time.ts'
import type { PendingSignIn, Sessions, SignedIn } from '../sessions.ts'
import type { Session } from './driver/session.ts'
import { numberOf } from './driver/values.ts'
import type { Meta } from './rows/meta.ts'

const SIGN_IN = 'INSERT INTO sessions (did, id, until) VALUES (?, ?, ?) USING TTL ?'
const FIND = 'SELECT until FROM sessions WHERE did = ? AND id = ?'
const SIGN_OUT = 'DELETE FROM sessions WHERE did = ? AND id = ?'
const SIGN_OUT_EVERYWHERE = 'DELETE FROM sessions WHERE did = ?'
const BEGIN = 'INSERT INTO pending_sign_ins (id, content, until) VALUES (?, ?, ?) USING TTL ?'
const PENDING = 'SELECT content, until FROM pending_sign_ins WHERE id = ?'
const FINISH = 'DELETE FROM pending_sign_ins WHERE id = ?'

/** The name of our key in the table `meta`. */
const KEY = 'sign_in_key'

/** Sessions in the ledger's keyspace, for all API processes. The servers drop what has expired. */
export class CqlSessions implements Sessions {
  readonly #session: Session
  readonly #meta: Meta

  constructor(session: Session, meta: Meta) {
    this.#session = session
    this.#meta = meta
  }

  signIn({ did, id, until }: SignedIn, now: Seconds): Promise<void> {
    return this.#session.write(SIGN_IN, [did, id, until, ttl(until, now)])
  }

  async isSignedIn(did: Did, id: string, now: Seconds): Promise<boolean> {
    const [row] = await this.#session.readForDisplay(FIND, [did, id])
    return row !== undefined && numberOf(row.until) > now
  }

  signOut(did: Did, id: string): Promise<void> {
    return this.#session.write(SIGN_OUT, [did, id])
  }

  signOutEverywhere(did: Did): Promise<void> {
    return this.#session.write(SIGN_OUT_EVERYWHERE, [did])
  }

  begin({ id, text, until }: PendingSignIn, now: Seconds): Promise<void> {
    return this.#session.write(BEGIN, [id, text, until, ttl(until, now)])
  }

  /** Two at the same moment may both be given it; the person's own server takes its code once. */
  async finish(id: string, now: Seconds): Promise<string | undefined> {
    const [row] = await this.#session.readForDisplay(PENDING, [id])
    if (row === undefined) return undefined
    await this.#session.write(FINISH, [id])
    return numberOf(row.until) > now ? String(row.content) : undefined
  }

  async key(make: () => Promise<string>): Promise<string> {
    const stored = await this.#meta.get(KEY)
    if (stored !== undefined) return stored
    const made = await make()
    await this.#meta.setOnce(KEY, made)
    // Another process may have been first.
    return (await this.#meta.get(KEY)) ?? made
  }
}

function ttl(until: Seconds, now: Seconds): number {
  return Math.max(1, until - now)
}
