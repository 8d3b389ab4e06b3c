import { renameSync, writeFileSync } from 'node:fs'

/** What a program under test is told about the machine that it runs on. */
export type Control = {
  /** By how much its clock is wrong, in milliseconds. */
  clockMs: number
  /** Whether nothing more can be written to its disk. */
  diskFull: boolean
}

/** Names the file that holds the control. */
export const CONTROL_VARIABLE = 'BSKY_RPG_SOAK'

const PRELOAD = new URL('./preload.ts', import.meta.url).href

/** The environment by which a program obeys the control in `file`. */
export function controlled(file: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=${PRELOAD}`, [CONTROL_VARIABLE]: file }
}

export function writeControl(file: string, control: Control): void {
  writeFileSync(`${file}.new`, JSON.stringify(control))
  renameSync(`${file}.new`, file)
}
