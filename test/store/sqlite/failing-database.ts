import type { DatabaseSync } from 'node:sqlite'
import { FailStopWriter } from '../../../src/store/fail-stop.ts'
import { OpenFiles } from '../../../src/store/sqlite/files.ts'
import { Transactions } from '../../../src/store/sqlite/transactions.ts'
import { SqliteWriter } from '../../../src/store/sqlite/writer.ts'

/** The message of a failing statement. */
export const BROKEN = 'the wire came off'

/** Fails at one of the statements that change something, `COMMIT` among them. */
export class Breakage {
  #left: number | undefined
  #before: () => void = () => {}

  /** Lets the statement after `statements` others fail, once; calls `before` just before that. */
  failAfter(statements: number, before: () => void): void {
    this.#left = statements
    this.#before = before
  }

  /** Whether a statement is still to fail. */
  get isPending(): boolean {
    return this.#left !== undefined
  }

  never(): void {
    this.#left = undefined
  }

  pass(): void {
    if (this.#left === undefined || this.#left-- > 0) return
    this.#left = undefined
    this.#before()
    throw new Error(BROKEN)
  }
}

/** A writer on `db` at whose statements `breakage` strikes. */
export function writerOn(db: DatabaseSync, path: string, breakage: Breakage): FailStopWriter {
  const failing = new Proxy(db, {
    get: (target, name) => {
      if (name === 'prepare') {
        return (sql: string) => {
          const statement = target.prepare(sql)
          return new Proxy(statement, {
            get: (_, method) => {
              const value = Reflect.get(statement, method) as unknown
              if (typeof value !== 'function') return value
              return (...values: unknown[]) => {
                if (method === 'run') breakage.pass()
                return Reflect.apply(value, statement, values)
              }
            },
          })
        }
      }
      if (name === 'exec') {
        return (sql: string) => {
          if (sql === 'COMMIT') breakage.pass()
          target.exec(sql)
        }
      }
      const value = Reflect.get(target, name) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

  const files = new OpenFiles(path)
  const transactions = new Transactions({ db: failing, path, files, waiting: () => {}, signal: undefined })
  const options = {
    lock: { [Symbol.dispose]: () => {} },
    placesAnew: false,
    assertSpace: () => {},
    freeBytes: () => 0,
  }
  return new FailStopWriter(new SqliteWriter({ db: failing, transactions, ...options }))
}

/** Every row of every table. */
export function contentsOf(db: DatabaseSync): Record<string, unknown[]> {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
  return Object.fromEntries(
    tables.map(({ name }) => {
      const statement = db.prepare(`SELECT * FROM ${String(name)}`)
      statement.setReadBigInts(true)
      return [String(name), statement.all().map((row) => ({ ...row }))]
    }),
  )
}
