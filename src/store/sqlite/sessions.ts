import { chmodSync, closeSync, openSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Did } from '../../atproto/event.ts'
import type { Seconds } from '../../game/time.ts'
import type { PendingSignIn, Sessions, SignedIn } from '../sessions.ts'
import { StoreError } from '../store.ts'
import { explained } from './failure.ts'
import { applicationId } from './schema.ts'
import { useWriteAheadLog } from './write-ahead-log.ts'

/** Marks the file as ours, in its header: "brps" in ASCII. */
const APPLICATION_ID = 0x62_72_70_73

/** Only its owner may read it: it holds a private key. */
const MODE = 0o600

/** Sessions are few, so another process has the write lock for a moment at most. */
const LOCK_TIMEOUT_MS = 250

const SCHEMA = `
  CREATE TABLE sessions (did TEXT NOT NULL, id TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (did, id)) STRICT, WITHOUT ROWID;
  CREATE TABLE pending (id TEXT PRIMARY KEY, text TEXT NOT NULL, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE keys (id INTEGER PRIMARY KEY CHECK (id = 1), text TEXT NOT NULL) STRICT;
  PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1`

type Opened = { db: DatabaseSync; sql: Record<keyof typeof STATEMENTS, StatementSync> }

const STATEMENTS = {
  signIn: 'INSERT OR REPLACE INTO sessions (did, id, until) VALUES (?, ?, ?)',
  isSignedIn: 'SELECT 1 FROM sessions WHERE did = ? AND id = ? AND until > ?',
  signOut: 'DELETE FROM sessions WHERE did = ? AND id = ?',
  signOutEverywhere: 'DELETE FROM sessions WHERE did = ?',
  expireSessions: 'DELETE FROM sessions WHERE until <= ?',
  begin: 'INSERT OR REPLACE INTO pending (id, text, until) VALUES (?, ?, ?)',
  finish: 'DELETE FROM pending WHERE id = ? RETURNING text, until',
  expirePending: 'DELETE FROM pending WHERE until <= ?',
  addKey: 'INSERT OR IGNORE INTO keys (id, text) VALUES (1, ?)',
  key: 'SELECT text FROM keys',
} as const

/**
 * Sessions in a file of their own beside the ledger, so that copies of the ledger hold neither these nor a key, and signing in
 * never waits for ingest. Opened, and created where it is missing, once somebody signs in.
 */
export class SqliteSessions implements Sessions {
  readonly #path: string
  #opened: Opened | undefined
  #ended = false

  /** @param path of the sessions' file */
  constructor(path: string) {
    this.#path = path
  }

  async signIn({ did, id, until }: SignedIn, now: Seconds): Promise<void> {
    this.#do(({ sql }) => {
      sql.expireSessions.run(now)
      sql.signIn.run(did, id, until)
    })
  }

  async isSignedIn(did: Did, id: string, now: Seconds): Promise<boolean> {
    return this.#do(({ sql }) => sql.isSignedIn.get(did, id, now) !== undefined)
  }

  async signOut(did: Did, id: string): Promise<void> {
    this.#do(({ sql }) => sql.signOut.run(did, id))
  }

  async signOutEverywhere(did: Did): Promise<void> {
    this.#do(({ sql }) => sql.signOutEverywhere.run(did))
  }

  async begin({ id, text, until }: PendingSignIn, now: Seconds): Promise<void> {
    this.#do(({ sql }) => {
      sql.expirePending.run(now)
      sql.begin.run(id, text, until)
    })
  }

  async finish(id: string, now: Seconds): Promise<string | undefined> {
    const row = this.#do(({ sql }) => sql.finish.get(id))
    return row !== undefined && Number(row.until) > now ? String(row.text) : undefined
  }

  async key(make: () => Promise<string>): Promise<string> {
    const stored = this.#key()
    if (stored !== undefined) return stored
    const made = await make()
    this.#do(({ sql }) => sql.addKey.run(made))
    // Another process may have been first.
    return this.#key() ?? made
  }

  close(): void {
    this.#ended = true
    if (this.#opened?.db.isOpen) this.#opened.db.close()
  }

  #key(): string | undefined {
    const text = this.#do(({ sql }) => sql.key.get())?.text
    return text === undefined ? undefined : String(text)
  }

  #do<T>(work: (opened: Opened) => T): T {
    if (this.#ended) throw new StoreError(`${this.#path} has been closed`)
    try {
      this.#opened ??= open(this.#path)
      return work(this.#opened)
    } catch (error) {
      throw explained(error, this.#path)
    }
  }
}

function open(path: string): Opened {
  // Before SQLite creates it with the permissions of any file; the files beside it get those of this one.
  closeSync(openSync(path, 'a', MODE))
  const db = new DatabaseSync(path, { timeout: LOCK_TIMEOUT_MS })
  try {
    const tables = db.prepare("SELECT count(*) AS tables FROM sqlite_schema WHERE type = 'table'").get()
    if (Number(tables?.tables) > 0 && applicationId(db) !== APPLICATION_ID) {
      throw new StoreError(
        `${path} is another program's database, and is left as it is. Sessions are kept in a file of this name: move it away.`,
      )
    }
    chmodSync(path, MODE)
    useWriteAheadLog(db, LOCK_TIMEOUT_MS)
    db.exec('PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON')
    db.exec('BEGIN IMMEDIATE')
    if (Number(db.prepare('PRAGMA user_version').get()?.user_version) === 0) db.exec(SCHEMA)
    db.exec('COMMIT')
    const prepared = Object.entries(STATEMENTS).map(([name, text]) => [name, db.prepare(text)])
    return { db, sql: Object.fromEntries(prepared) as Opened['sql'] }
  } catch (error) {
    db.close()
    throw error
  }
}
