import { globSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'

/**
 * Which tests are to notice a change, by the folder in which it is: those of the same folder and those by the model. Others
 * come by it, too, but what only they notice has no test of its own, and they would take hours.
 */
const TESTS: Readonly<Record<string, readonly string[]>> = {
  'src/game/': ['test/game/**/*.test.ts', 'test/model/sqlite.test.ts'],
  'src/ingest/': ['test/ingest/**/*.test.ts'],
  'src/store/sqlite/': ['test/store/sqlite/**/*.test.ts', 'test/model/sqlite.test.ts'],
}

/** Absolute paths of the tests to run over mutants of `mutated`, a file below `root`; in order. */
export function testFiles(root: string, mutated: string): string[] {
  const path = relative(root, mutated).replaceAll(sep, '/')
  const folder = Object.keys(TESTS).find((name) => path.startsWith(name))
  const patterns = folder === undefined ? undefined : TESTS[folder]
  if (patterns === undefined) throw new Error(`no tests are named for ${path}; see dev/mutants/test-files.ts`)
  return globSync([...patterns], { cwd: root })
    .sort()
    .map((file) => resolve(root, file))
}
