// What tests change in the extension's background: its requests, its clock, its storage.
import type { Worker } from 'playwright-core'

type Noting = {
  fetch(url: string, init: object): Promise<unknown>
  realFetch?: Noting['fetch']
  sent: { url: string; at: number }[]
}

type Clocked = { realNow?: () => number; aheadMs: number; Date: { now(): number } }

type Area = { get(): Promise<object> }

type Broken = { chrome: { storage: { local: Area } }; failures: number; realGet?: Area['get'] }

/** Has the background note when it sends a request: a busy machine delays what a server sees. @returns reads the times, in ms */
export async function noteRequests(worker: Worker): Promise<() => Promise<{ url: string; at: number }[]>> {
  await worker.evaluate(() => {
    const scope = globalThis as unknown as Noting
    const real = scope.realFetch ?? scope.fetch
    scope.realFetch = real
    scope.sent = []
    scope.fetch = (url, init) => {
      scope.sent.push({ url, at: performance.now() })
      return real(url, init)
    }
  })
  return () => worker.evaluate(() => (globalThis as unknown as Noting).sent)
}

/**
 * Has the background's clock go by the test's will from now on; what read a clock before keeps that one.
 * @returns sets it ahead
 */
export async function clock(
  worker: Worker,
): Promise<AsyncDisposable & { setAhead: (ms: number) => Promise<void> }> {
  await worker.evaluate(() => {
    const scope = globalThis as unknown as Clocked
    const real = scope.realNow ?? scope.Date.now
    scope.realNow = real
    scope.aheadMs = 0
    scope.Date.now = () => real() + scope.aheadMs
  })
  const setAhead = (ms: number): Promise<void> =>
    worker.evaluate((by) => {
      ;(globalThis as unknown as Clocked).aheadMs = by
    }, ms)
  return { setAhead, [Symbol.asyncDispose]: () => setAhead(0) }
}

/** Has the background find its settings unreadable until disposed. */
export async function breakStorage(
  worker: Worker,
): Promise<AsyncDisposable & { failures: () => Promise<number> }> {
  await worker.evaluate(() => {
    const scope = globalThis as unknown as Broken
    const { local } = scope.chrome.storage
    scope.failures = 0
    scope.realGet = local.get
    local.get = () => {
      scope.failures++
      return Promise.reject(new Error('the storage is broken'))
    }
  })
  return {
    failures: () => worker.evaluate(() => (globalThis as unknown as Broken).failures),
    [Symbol.asyncDispose]: () =>
      worker.evaluate(() => {
        const { chrome, realGet } = globalThis as unknown as Broken
        if (realGet !== undefined) chrome.storage.local.get = realGet
      }),
  }
}
