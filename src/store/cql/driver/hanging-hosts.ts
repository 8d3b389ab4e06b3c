// Servers that take requests and answer nothing: a process that is stopped, a machine that is cut off without a word. The
// driver (4.10.0) finds that out late or never: a request that a second server answered counts as neither answered nor
// timed out, and no heartbeat is sent over a connection that is written to. So we note the servers for which a second one had
// to answer, and ask others before them for a while.
import { type Client, type ExecutionOptions, type Host, policies } from 'cassandra-driver'

/** How long other servers are asked before one that did not answer in time, in milliseconds. */
const AVOIDED_MS = 10_000

/** Which servers did not answer in time of late. */
export class HangingHosts {
  readonly #elapsedMs: () => number
  readonly #untilMs = new WeakMap<Host, number>()

  /** @param elapsedMs a clock that only goes forward, in milliseconds */
  constructor(elapsedMs: () => number = () => performance.now()) {
    this.#elapsedMs = elapsedMs
  }

  note(host: Host): void {
    this.#untilMs.set(host, this.#elapsedMs() + AVOIDED_MS)
  }

  has(host: Host): boolean {
    return (this.#untilMs.get(host) ?? 0) > this.#elapsedMs()
  }

  /** The same servers in the same order, but for those that hang: they come last. */
  *last(plan: Iterator<Host>): Generator<Host, undefined> {
    const hanging: Host[] = []
    for (let next = plan.next(); next.done !== true; next = plan.next()) {
      if (this.has(next.value)) hanging.push(next.value)
      else yield next.value
    }
    yield* hanging
    return undefined
  }
}

const { DefaultLoadBalancingPolicy } = policies.loadBalancing

/** The driver's own choice of servers, with those that hang at the end. */
export class HangingLastPolicy extends DefaultLoadBalancingPolicy {
  readonly #hanging: HangingHosts

  constructor(localDc: string, hanging: HangingHosts) {
    super({ localDc })
    this.#hanging = hanging
  }

  override newQueryPlan(
    keyspace: string,
    options: ExecutionOptions,
    callback: (error: Error, iterator: Iterator<Host>) => void,
  ): void {
    super.newQueryPlan(keyspace, options, (error, plan) =>
      callback(error, error ? plan : this.#hanging.last(plan)),
    )
  }
}

/** After how many milliseconds a second server is asked. */
export type SecondServerOptions = { afterMs: number; conditionalAfterMs: number }

/**
 * Has a second server asked beside the first where that does not answer in time, and notes that it did not. Of conditional
 * writes later: two servers that carry out the same one get into each other's way.
 */
export class SecondServerPolicy implements policies.speculativeExecution.SpeculativeExecutionPolicy {
  readonly #options: SecondServerOptions
  readonly #hanging: HangingHosts

  constructor(options: SecondServerOptions, hanging: HangingHosts) {
    this.#options = options
    this.#hanging = hanging
  }

  init(_client: Client): void {}

  shutdown(): void {}

  getOptions(): Map<string, object> {
    return new Map()
  }

  newPlan(_keyspace: string, query: string | readonly object[]): { nextExecution(host: Host): number } {
    const { afterMs, conditionalAfterMs } = this.#options
    let first: Host | undefined
    return {
      // Called with each server that is asked: with a second one only where the first has not answered in time.
      nextExecution: (host) => {
        if (first === undefined) {
          first = host
          return isConditional(query) ? conditionalAfterMs : afterMs
        }
        if (first !== host) this.#hanging.note(first)
        return -1
      },
    }
  }
}

function isConditional(query: string | readonly object[]): boolean {
  return typeof query === 'string' && / IF /.test(query)
}
