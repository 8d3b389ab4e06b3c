// `npm run mutants -- [folder or file]...`: changes the program a little, thousands of times, and tells which changes no
// test notices. Not part of CI: it takes as long as there are mutants.
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
  // Without a JavaScript API, this TypeScript cannot rewrite the configuration, which nothing here reads.
  tsconfigFile: 'none',
  ignorePatterns: ['data', 'bench', 'deploy', '.ci', '.cassandra'],
  allowEmpty: true,
  // A machine that has more to do must not have mutants taken for endless ones.
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
