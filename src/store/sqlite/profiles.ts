import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Did, Handle } from '@atcute/lexicons/syntax'
import type { Profile } from '../../atproto/profile.ts'

/** The table `profiles`: handles, names and avatars, by actor id. */
export class Profiles {
  readonly #owner: StatementSync
  readonly #put: StatementSync
  readonly #drop: StatementSync
  readonly #dropHandle: StatementSync

  constructor(db: DatabaseSync) {
    this.#owner = db.prepare(
      'SELECT a.did FROM profiles p JOIN actors a ON a.id = p.actor WHERE p.handle = ?',
    )
    this.#put = db.prepare(
      'INSERT OR REPLACE INTO profiles (actor, handle, display_name, avatar, asked) VALUES (?, ?, ?, ?, ?)',
    )
    this.#drop = db.prepare('DELETE FROM profiles WHERE actor = ?')
    this.#dropHandle = db.prepare('UPDATE profiles SET handle = NULL WHERE handle = ? AND actor = ?')
  }

  /** The person who had this handle last. */
  ownerOf(handle: Handle): Did | undefined {
    return this.#owner.get(handle)?.did as Did | undefined
  }

  put(actor: number, { handle, displayName, avatar, asked }: Profile): void {
    this.#put.run(actor, handle ?? null, displayName ?? null, avatar ?? null, asked)
  }

  drop(actor: number): void {
    this.#drop.run(actor)
  }

  /** Does nothing where the person has another handle by now. */
  dropHandle(actor: number, handle: Handle): void {
    this.#dropHandle.run(handle, actor)
  }
}
