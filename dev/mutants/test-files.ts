import { globSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'

/**
 * The tests that have to notice a mutant, by the mutant's folder: the folder's own and, for the game and SQLite, the model's.
 * Others reach it, too, but would take hours, and a change that only they notice lacks a test of its own.
 */
const TESTS: Readonly<Record<string, readonly string[]>> = {
  'src/game/': ['test/game/**/*.test.ts', 'test/model/sqlite.test.ts'],
  'src/ingest/': ['test/ingest/**/*.test.ts'],
  'src/store/sqlite/': ['test/store/sqlite/**/*.test.ts', 'test/model/sqlite.test.ts'],
}

/** Absolute paths, sorted, of the test files for mutants of the file `mutated` below `root`. */
export function testFiles(root: string, mutated: string): string[] {
  const path = relative(root, mutated).replaceAll(sep, '/')
  const folder = Object.keys(TESTS).find((name) => path.startsWith(name))
  const patterns = folder === undefined ? undefined : TESTS[folder]
  if (patterns === undefined) throw new Error(`no tests are named for ${path}; see dev/mutants/test-files.ts`)
  return globSync([...patterns], { cwd: root })
    .sort()
    .map((file) => resolve(root, file))
}
