// Takes the place of `node:test` in the mutation run: it collects tests instead of running them. One process can then run the
// same few tests once for each mutant, without loading anything anew.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { MockTracker } from 'node:test'

type Work = (t: Context) => unknown
type Options = { skip?: boolean | string; todo?: boolean | string; timeout?: number }
type Arguments = [name?: string | Work | Options, options?: Options | Work, work?: Work]

/** A test that a file has registered. */
export type CollectedTest = {
  id: string
  file: string
  skip: boolean
  /** Runs the test, and rejects if it fails or takes longer than `limitMs`, whatever time-out it sets itself. */
  run(limitMs: number): Promise<void>
}

const real = process.getBuiltinModule('node:test')
const Tracker = real.mock.constructor as new () => MockTracker

/** Milliseconds that a test may take where it sets no limit of its own. */
const TIMEOUT_MS = 20_000

let collected: CollectedTest[] = []
/** Where a test is being registered: its file, the names of the suites around it, and their hooks. */
type Scope = {
  file: string
  path: string[]
  afterEach: Work[]
  beforeEach: Work[]
  ready: Promise<unknown>[]
}
const scopes = new AsyncLocalStorage<Scope>()

/** The part of `TestContext` that the tests here use. */
class Context {
  readonly name: string
  readonly mock = new Tracker()
  readonly #end = new AbortController()
  readonly #after: Work[] = []

  constructor(name: string) {
    this.name = name
  }

  get signal(): AbortSignal {
    return this.#end.signal
  }

  after(work: Work): void {
    this.#after.push(work)
  }

  diagnostic(): void {}

  async test(...args: Arguments): Promise<void> {
    const { name, options, work } = read(args)
    if (!options.skip) await runOne(name, work, options, [], [])
  }

  async end(): Promise<void> {
    this.#end.abort()
    for (const work of this.#after.reverse()) await work(this)
    this.mock.reset()
  }
}

/** Loads a test file and returns what it registers, in order. */
export async function collect(file: string): Promise<CollectedTest[]> {
  const scope: Scope = { file, path: [], afterEach: [], beforeEach: [], ready: [] }
  collected = []
  await scopes.run(scope, () => import(file))
  await Promise.all(scope.ready)
  return collected
}

export function test(...args: Arguments): Promise<void> {
  const { name, options, work } = read(args)
  const { file, path, afterEach, beforeEach } = scope()
  collected.push({
    id: [...path, name].join(' > '),
    file,
    skip: Boolean(options.skip || options.todo),
    run: (limitMs) => runOne(name, work, { ...options, timeout: limitMs }, beforeEach, afterEach),
  })
  return Promise.resolve()
}
test.skip = (...args: Arguments): void => {
  const { name, work } = read(args)
  test(name, { skip: true }, work)
}

export function suite(...args: Arguments): void {
  const { name, options, work } = read(args)
  if (options.skip) return
  const outer = scope()
  const inner: Scope = {
    ...outer,
    path: [...outer.path, name],
    afterEach: [...outer.afterEach],
    beforeEach: [...outer.beforeEach],
  }
  outer.ready.push(Promise.resolve(scopes.run(inner, () => work(new Context(name)))))
}

export function afterEach(work: Work): void {
  scope().afterEach.push(work)
}

export function beforeEach(work: Work): void {
  scope().beforeEach.push(work)
}

export function before(work: Work): void {
  scope().ready.push(Promise.resolve(work(new Context('before'))))
}

/** Does nothing: a file's tests run again and again, so it is cleaned up only when the process ends. */
export function after(): void {}

export const it = test
export const describe = suite
export const mock: MockTracker = real.mock
// biome-ignore lint/style/noDefaultExport: as node:test has it
export default test

function scope(): Scope {
  const found = scopes.getStore()
  if (found === undefined) throw new Error('Tests are registered while their file is loaded')
  return found
}

function read(args: Arguments): { name: string; options: Options; work: Work } {
  const name = args.find((arg) => typeof arg === 'string') ?? '(no name)'
  const options = args.find((arg) => typeof arg === 'object') ?? {}
  const work = args.find((arg) => typeof arg === 'function') ?? (() => {})
  return { name, options, work }
}

async function runOne(
  name: string,
  work: Work,
  { timeout = TIMEOUT_MS }: Options,
  beforeEach: readonly Work[],
  afterEach: readonly Work[],
): Promise<void> {
  const context = new Context(name)
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`took longer than ${timeout} ms`)), timeout)
  try {
    for (const each of beforeEach) await each(context)
    await Promise.race([work(context), late.promise])
  } finally {
    clearTimeout(timer)
    await context.end()
    for (const each of afterEach) await each(context)
  }
}
