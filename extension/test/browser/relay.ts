// A server between the extension and the real one: it counts what is asked, and fails as a test wants.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Answer = { status: number; headers?: Record<string, string>; body?: string }
/** What becomes of a request: an answer of the test's own, or the real one, or none at all. */
export type Fault = (path: string) => Answer | 'pass' | 'hang' | 'break'

export type Asked = { path: string; status: number; revalidated: boolean; at: number }

const PASS: Fault = () => 'pass'

export class Relay implements AsyncDisposable {
  readonly #upstream: string
  readonly #server = createServer((request, response) => void this.#answer(request, response))
  readonly #hanging = new Set<ServerResponse>()
  /** Everything that was asked, in order. */
  asked: Asked[] = []
  fault: Fault = PASS
  /** Whether its answers are hidden from other origins, as those of a server are that does not expect them. */
  isClosed = false
  /** Every answer waits for it. */
  gate: Promise<void> = Promise.resolve()
  /** Requests that wait. */
  waiting = 0

  private constructor(upstream: string) {
    this.#upstream = upstream
  }

  static async start(upstream: string): Promise<Relay> {
    const relay = new Relay(upstream)
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve))
    return relay
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Forgets what was asked, and has everything pass. */
  reset(): void {
    this.asked = []
    this.fault = PASS
    for (const response of this.#hanging) response.destroy()
    this.#hanging.clear()
  }

  /** Requests for many characters at once. */
  get batches(): Asked[] {
    return this.asked.filter(({ path }) => path.startsWith('/v1/characters?'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.reset()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/'
    // When it came, not when its answer did.
    const at = performance.now()
    const note = (status: number): void => {
      const revalidated = request.headers['if-none-match'] !== undefined
      this.asked.push({ path, status, revalidated, at })
    }
    this.waiting++
    await this.gate
    this.waiting--
    const chosen = this.fault(path)
    if (chosen === 'hang') {
      note(0)
      this.#hanging.add(response)
      return
    }
    if (chosen === 'break') {
      note(0)
      response.destroy()
      return
    }
    if (chosen !== 'pass') {
      note(chosen.status)
      response.writeHead(chosen.status, {
        'content-type': 'application/json',
        'access-control-allow-origin': '*',
        'access-control-expose-headers': 'retry-after',
        ...chosen.headers,
      })
      response.end(chosen.body ?? '{}')
      return
    }
    const known = request.headers['if-none-match']
    const real = await fetch(this.#upstream + path, {
      method: request.method ?? 'GET',
      headers: { 'accept-encoding': 'identity', ...(known !== undefined && { 'if-none-match': known }) },
    })
    note(real.status)
    const headers = Object.fromEntries(
      [...real.headers].filter(
        ([name]) => !/^(connection|transfer-encoding|content-length|keep-alive)$/.test(name),
      ),
    )
    if (this.isClosed) delete headers['access-control-allow-origin']
    response.writeHead(real.status, headers)
    response.end(Buffer.from(await real.arrayBuffer()))
  }
}
