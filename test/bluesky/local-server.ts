import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The answer to a request: JSON or bytes with a status, or a handler that writes the response itself. */
export type Reply =
  | { status?: number; headers?: Record<string, string>; json?: unknown; body?: string | Uint8Array }
  | ((response: ServerResponse, request: IncomingMessage) => void)

export type LocalServer = AsyncDisposable & {
  /** `http://127.0.0.1:port` */
  url: string
  /** Every request so far, in order. */
  asked: URL[]
  /** Their headers. */
  headers: IncomingMessage['headers'][]
}

/** A server on a port of its own; it calls `reply` for the answer to each request. */
export async function serve(reply: (url: URL) => Reply): Promise<LocalServer> {
  const asked: URL[] = []
  const headers: IncomingMessage['headers'][] = []
  const http = createServer((request, response) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`)
    asked.push(url)
    headers.push(request.headers)
    const answer = reply(url)
    if (typeof answer === 'function') answer(response, request)
    else {
      const { status = 200, json, body = JSON.stringify(json) } = answer
      response.writeHead(status, answer.headers).end(body)
    }
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    asked,
    headers,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        http.close(() => resolve())
        http.closeAllConnections()
      }),
  }
}

/** A signal that never aborts. */
export function never(): AbortSignal {
  return new AbortController().signal
}
