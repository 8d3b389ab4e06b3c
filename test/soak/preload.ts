// Loaded into the program before anything else: makes its clock and its disk obey the file that `BSKY_RPG_SOAK` names.
import { readFileSync } from 'node:fs'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { CONTROL_VARIABLE, type Control } from './control.ts'

const LOOK_MS = 50
/** The share of writing statements that fail while the disk is full: now and then one finds room. */
const FAILING = 0.3
/** SQLITE_FULL. */
const FULL = 13

const file = process.env[CONTROL_VARIABLE] ?? ''
let control: Control = { clockMs: 0, diskFull: false }
look()
setInterval(look, LOOK_MS).unref()

const RealDate = Date
const now = RealDate.now
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: ConstructorParameters<typeof Date>, self) => {
    const none = Object.keys(args).length === 0
    return Reflect.construct(target, none ? [now() + control.clockMs] : args, self)
  },
})
RealDate.now = () => now() + control.clockMs

const { run } = StatementSync.prototype
StatementSync.prototype.run = function (this: StatementSync, ...values: Parameters<typeof run>) {
  failIfFull(this.sourceSQL)
  return run.apply(this, values)
} as typeof run
const { exec } = DatabaseSync.prototype
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
  failIfFull(sql)
  exec.call(this, sql)
}

function failIfFull(sql: string): void {
  if (!control.diskFull || !/^\s*(INSERT|UPDATE|DELETE|COMMIT)/.test(sql) || Math.random() > FAILING) return
  throw Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: FULL })
}

function look(): void {
  try {
    control = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // It is being written: what held before holds on.
  }
}
