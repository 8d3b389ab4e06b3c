// A test runner for Stryker: it loads the tests once into its process and, for each mutant, runs those that reach it until one
// fails. If a mutant makes a loop endless, Stryker kills the process and starts another.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { InstrumenterContext, MutantCoverage } from '@stryker-mutator/api/core'
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import {
  type DryRunOptions,
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  TestStatus,
} from '@stryker-mutator/api/test-runner'
import fc from 'fast-check'
import { type CollectedTest, collect } from './node-test.ts'
import { testFiles } from './test-files.ts'

const SHIM = new URL('./node-test.ts', import.meta.url).href
/** Gives every property the same examples for every mutant, which makes a run repeatable. */
const SEED = 20_260_101
/** Milliseconds after which fast-check stops trying examples of a property. */
const PROPERTY_MS = 1_500

/** The message of fast-check when it found no time for a single example. */
const NOT_TRIED = /^Property interrupted after 0 tests/

/** The file with the time that each test took without mutants; in the run's folder, which Stryker removes. */
const DURATIONS = 'durations.json'
/** Milliseconds that a test without a mutant may take, on a busy machine, too. */
const MAX_MS = 60_000
/** A test fails that takes this many times as long as without a mutant, and also longer than `MIN_LIMIT_MS`. */
const MAX_SLOWDOWN = 10
const MIN_LIMIT_MS = 3_000

/** Shared with the instrumented code, which reads the active mutant from it and notes the mutants that it reaches. */
const instrumented: InstrumenterContext = {}
Object.assign(globalThis, { __stryker__: instrumented })

class NodeTestRunner implements TestRunner {
  readonly #loaded = new Map<string, CollectedTest[]>()
  /** Names of tests that have noticed a mutant, the latest first: they often notice the mutant on the next line, too. */
  #lastNoticing: string[] = []

  capabilities(): { reloadEnvironment: boolean } {
    return { reloadEnvironment: false }
  }

  async init(): Promise<void> {
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === 'node:test' ? { url: SHIM, shortCircuit: true } : next(specifier, context),
    })
    // A failure is enough: fast-check need not search for a smaller counterexample.
    fc.configureGlobal({ seed: SEED, endOnFailure: true, interruptAfterTimeLimit: PROPERTY_MS })
    // Work that a failed test left behind may reject later; that must not fail the next test.
    process.on('unhandledRejection', () => {})
    process.on('uncaughtException', () => {})
  }

  async dryRun({ coverageAnalysis, files = [] }: DryRunOptions): Promise<DryRunResult> {
    const tests: TestResult[] = []
    const mutantCoverage: MutantCoverage = { static: {}, perTest: {} }
    if (coverageAnalysis !== 'off') instrumented.mutantCoverage = mutantCoverage
    for (const test of await this.#load(files)) {
      instrumented.currentTestId = test.id
      tests.push(await resultOf(test, MAX_MS))
    }
    delete instrumented.currentTestId
    writeFileSync(DURATIONS, JSON.stringify(tests.map(({ id, timeSpentMs }) => [id, timeSpentMs])))
    return { status: DryRunStatus.Complete, tests, mutantCoverage }
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const { activeMutant, mutantActivation, testFilter, hitLimit, sandboxFileName } = options
    instrumented.hitCount = 0
    if (hitLimit === undefined) delete instrumented.hitLimit
    else instrumented.hitLimit = hitLimit
    if (mutantActivation === 'static') instrumented.activeMutant = activeMutant.id
    try {
      const loaded = await this.#load([sandboxFileName])
      const took = durations()
      instrumented.activeMutant = activeMutant.id
      let nrOfTests = 0
      for (const test of loaded) {
        if (testFilter !== undefined && !testFilter.includes(test.id)) continue
        nrOfTests += 1
        const result = await resultOf(test, Math.max(MIN_LIMIT_MS, MAX_SLOWDOWN * (took.get(test.id) ?? 0)))
        if (result.status !== TestStatus.Failed) continue
        if (isOverLimit()) return { status: MutantRunStatus.Timeout, reason: 'it came to no end' }
        const { failureMessage, id } = result
        this.#lastNoticing = [id, ...this.#lastNoticing.filter((other) => other !== id)]
        return { status: MutantRunStatus.Killed, failureMessage, killedBy: [id], nrOfTests }
      }
      return { status: MutantRunStatus.Survived, nrOfTests }
    } catch (error) {
      // With this mutant the test files cannot even be loaded.
      const failureMessage = String(error)
      return { status: MutantRunStatus.Killed, failureMessage, killedBy: [], nrOfTests: 0 }
    } finally {
      delete instrumented.activeMutant
    }
  }

  /** The tests for mutants of these files, each loaded once. */
  async #load(mutated: readonly string[]): Promise<CollectedTest[]> {
    const files = new Set(mutated.flatMap((file) => testFiles(process.cwd(), file)))
    for (const file of files) {
      if (!this.#loaded.has(file)) this.#loaded.set(file, await collect(pathToFileURL(file).href))
    }
    const tests = quickestFirst([...files].flatMap((file) => this.#loaded.get(file) ?? []))
    const place = new Map(this.#lastNoticing.map((id, index) => [id, index]))
    return tests.sort((a, b) => (place.get(a.id) ?? tests.length) - (place.get(b.id) ?? tests.length))
  }
}

export const strykerPlugins = [
  declareFactoryPlugin(PluginKind.TestRunner, 'node-test', () => new NodeTestRunner()),
]

/** Sorts by the time that each test took: mostly a quick test already notices the mutant. */
function quickestFirst(tests: readonly CollectedTest[]): CollectedTest[] {
  const took = durations()
  return tests.toSorted((a, b) => (took.get(a.id) ?? 0) - (took.get(b.id) ?? 0))
}

/** The time that each test took, in milliseconds by its name; empty before the run without mutants. */
function durations(): Map<string, number> {
  return new Map(existsSync(DURATIONS) ? JSON.parse(readFileSync(DURATIONS, 'utf8')) : [])
}

async function resultOf(test: CollectedTest, limitMs: number): Promise<TestResult> {
  const { id, skip } = test
  const began = performance.now()
  const about = () => ({ id, name: id, timeSpentMs: performance.now() - began })
  if (skip) return { ...about(), status: TestStatus.Skipped }
  try {
    await test.run(limitMs)
    return { ...about(), status: TestStatus.Success }
  } catch (error) {
    const failureMessage = error instanceof Error ? error.message : String(error)
    // A busy machine may leave no time for even one example, which says nothing about the mutant.
    if (NOT_TRIED.test(failureMessage)) return { ...about(), status: TestStatus.Success }
    return { ...about(), status: TestStatus.Failed, failureMessage }
  }
}

function isOverLimit(): boolean {
  const { hitCount = 0, hitLimit = Number.POSITIVE_INFINITY } = instrumented
  return hitCount > hitLimit
}
