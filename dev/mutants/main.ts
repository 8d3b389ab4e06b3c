// `npm run mutants -- [folder or file]...`: makes thousands of small changes to the program, each on its own, and reports the
// ones that no test notices. Not part of CI, since it runs tests once for each change.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'

const EVERYTHING = ['src/game', 'src/ingest', 'src/store/sqlite']

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { concurrency: { type: 'string', default: String(availableParallelism()) } },
})
const folders = positionals.length === 0 ? EVERYTHING : positionals

const results = await new Stryker({
  mutate: folders.map((path) => (path.endsWith('.ts') || path.includes('.ts:') ? path : `${path}/**/*.ts`)),
  plugins: [new URL('./runner.ts', import.meta.url).href],
  testRunner: 'node-test',
  coverageAnalysis: 'perTest',
  concurrency: Number(values.concurrency),
  // Stryker would rewrite tsconfig.json through TypeScript's JavaScript API, which version 7 lacks; nothing here needs it.
  tsconfigFile: 'none',
  ignorePatterns: ['data', 'bench', 'deploy', '.ci', '.cassandra'],
  allowEmpty: true,
  // Generous: on a busy machine Stryker must not take slow tests for an endless loop.
  timeoutMS: 10_000,
  timeoutFactor: 3,
  reporters: ['clear-text', 'progress-append-only', 'json'],
  clearTextReporter: {
    allowColor: false,
    logTests: false,
    reportTests: false,
    allowEmojis: false,
    reportMutants: true,
    reportScoreTable: true,
    skipFull: true,
  },
  jsonReporter: { fileName: '.stryker-tmp/mutants.json' },
  allowConsoleColors: false,
}).runMutationTest()

const survived = results.filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
console.log(`${results.length} mutants, ${survived.length} survived`)
