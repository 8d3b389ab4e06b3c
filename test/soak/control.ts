import { renameSync, writeFileSync } from 'node:fs'

/** The machine that the program under test sees. */
export type Control = {
  /** By how much its clock is wrong, in milliseconds. */
  clockMs: number
  /** Whether nothing more can be written to its disk. */
  diskFull: boolean
}

/** The environment variable with the path of the control file. */
export const CONTROL_VARIABLE = 'BSKY_RPG_SOAK'

const PRELOAD = new URL('./preload.ts', import.meta.url).href

/** The environment that makes a program obey the control in `file`. */
export function controlled(file: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=${PRELOAD}`, [CONTROL_VARIABLE]: file }
}

export function writeControl(file: string, control: Control): void {
  writeFileSync(`${file}.new`, JSON.stringify(control))
  renameSync(`${file}.new`, file)
}
