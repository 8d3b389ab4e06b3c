// Has V8 collect the garbage of another process, so that what is left is what that process needs. By itself V8 collects late where it
// may use gigabytes: half of a server's memory can be garbage, more and more of it as the machine is busier.

import { setTimeout as sleep } from 'node:timers/promises'

/** A message of the inspector's protocol: an answer with its `id`, or an event. */
type Message = {
  id?: number
  method?: string
  params?: Record<string, unknown>
  result?: unknown
  error?: unknown
}
type Params = Record<string, unknown>

const LISTENING = /Debugger listening on (ws:\/\/\S+)/

/** Has Node serve its inspector at a free port of this machine. */
export const INSPECTED = { NODE_OPTIONS: '--inspect=127.0.0.1:0' }

/** A worker that is about to end may never answer: its garbage goes with it. */
const WORKER_ANSWERS_WITHIN_MS = 10_000

/**
 * Collects all garbage of the process that was started `INSPECTED` and has written `output`: in its main thread, and in all workers
 * that run now.
 * @throws {Error} if the inspector is not there, or refuses
 */
export async function collectGarbage(output: string): Promise<void> {
  const [, url] = LISTENING.exec(output) ?? []
  if (url === undefined) throw new Error(`the program has no inspector: ${output.slice(0, 500)}`)
  using inspector = await Inspector.connect(url)
  await inspector.call('NodeWorker.enable', { waitForDebuggerOnStart: false })
  await inspector.call('HeapProfiler.collectGarbage')
  for (const worker of inspector.workers) {
    const collected = inspector.callIn(worker, 'HeapProfiler.collectGarbage').catch(() => {})
    await Promise.race([collected, sleep(WORKER_ANSWERS_WITHIN_MS, undefined, { ref: false })])
  }
}

class Inspector implements Disposable {
  readonly #socket: WebSocket
  readonly #waiting = new Map<string, { resolve: () => void; reject: (error: Error) => void }>()
  readonly #workers = new Set<string>()
  #asked = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => this.#take(JSON.parse(String(data))))
    socket.addEventListener('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the inspector was closed'))
    })
  }

  static async connect(url: string): Promise<Inspector> {
    const socket = new WebSocket(url)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error(`no inspector at ${url}`)))
    await promise
    return new Inspector(socket)
  }

  /** The sessions of the workers that run. */
  get workers(): readonly string[] {
    return [...this.#workers]
  }

  call(method: string, params: Params = {}): Promise<void> {
    const id = this.#asked++
    this.#socket.send(JSON.stringify({ id, method, params }))
    return this.#answerTo(`${id}`)
  }

  async callIn(worker: string, method: string): Promise<void> {
    const id = this.#asked++
    const answered = this.#answerTo(`${worker}/${id}`)
    const message = JSON.stringify({ id, method })
    await this.call('NodeWorker.sendMessageToWorker', { sessionId: worker, message })
    await answered
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }

  #answerTo(key: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.set(key, { resolve, reject })
    return promise
  }

  #take({ id, method, params = {}, error }: Message, prefix = ''): void {
    const session = String(params.sessionId)
    if (method === 'NodeWorker.attachedToWorker') this.#workers.add(session)
    if (method === 'NodeWorker.detachedFromWorker') this.#end(session)
    if (method === 'NodeWorker.receivedMessageFromWorker') {
      this.#take(JSON.parse(String(params.message)), `${session}/`)
    }
    if (id === undefined) return
    const waiting = this.#waiting.get(`${prefix}${id}`)
    this.#waiting.delete(`${prefix}${id}`)
    if (error === undefined) waiting?.resolve()
    else waiting?.reject(new Error(`the inspector says: ${JSON.stringify(error)}`))
  }

  /** A worker has ended: its garbage went with it. */
  #end(session: string): void {
    this.#workers.delete(session)
    for (const [key, { resolve }] of this.#waiting) if (key.startsWith(`${session}/`)) resolve()
  }
}
