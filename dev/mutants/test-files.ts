import { globSync } from 'node:fs'
import { resolve } from 'node:path'

/** The tests of the folders that are mutated: those that start no process of their own and wait for no clock. */
const PATTERNS = ['game', 'ingest', 'store/sqlite', 'model'].map((folder) => `test/${folder}/**/*.test.ts`)

/** Absolute paths of the tests to run over mutants, in order. */
export function testFiles(folder: string): string[] {
  return globSync(PATTERNS, { cwd: folder })
    .sort()
    .map((file) => resolve(folder, file))
}
