import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

/** What a scripted server does with one attempt to connect. */
export type Script =
  /** Answers the upgrade with an HTTP response instead. */
  | { status: number; body?: object | string }
  /** Opens and sends frames; then closes with `close`, breaks the connection with 'cut', or stays open. */
  | { frames: readonly (string | Buffer)[]; close?: number | 'cut' }
  /** Anything else. */
  | ((socket: WebSocket, request: Attempt) => void)

export type Attempt = { path: string; query: URLSearchParams; request: IncomingMessage }

export type ScriptedServer = AsyncDisposable & {
  /** As a cursor names it. */
  host: string
  url: string
  /** Every attempt so far, in order. */
  attempts: Attempt[]
  /** Requests for a dictionary so far. */
  dictionaryRequests: number
  /** Served as the current dictionary; 404 when undefined. */
  dictionary: Buffer | undefined
  /** How many sockets are open. */
  open(): number
}

/**
 * A server on a port of its own that plays one script per attempt, in order; the last one again and again.
 * Paths that `speaks` leaves out are answered 404.
 */
export async function scriptedServer(
  scripts: readonly Script[],
  speaks: readonly ('v1' | 'v2')[] = ['v1', 'v2'],
): Promise<ScriptedServer> {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  const http = createServer((_request, response) => {
    server.dictionaryRequests += 1
    response.statusCode = server.dictionary === undefined ? 404 : 200
    response.end(server.dictionary)
  })
  http.on('upgrade', (request, socket, head) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://scripted')
    const attempt: Attempt = { path: pathname, query: searchParams, request }
    server.attempts.push(attempt)
    socket.on('error', () => {})
    const wire = pathname === '/subscribe' ? 'v1' : 'v2'
    if (!speaks.includes(wire)) return refuse({ status: 404 })
    const script = scripts[Math.min(played, scripts.length - 1)]
    played += 1
    if (script === undefined) return refuse({ status: 503 })
    if (typeof script === 'object' && 'status' in script) return refuse(script)
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => {})
      if (typeof script === 'function') return script(client, attempt)
      for (const frame of script.frames) client.send(frame)
      if (script.close === 'cut') client.send('', () => client.terminate())
      else if (script.close !== undefined) client.close(script.close)
    })

    function refuse({ status, body = '' }: { status: number; body?: object | string }): void {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const length = Buffer.byteLength(text)
      socket.end(
        `HTTP/1.1 ${status} Scripted\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${text}`,
      )
    }
  })
  let played = 0
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(http.address() as AddressInfo).port}`
  const server: ScriptedServer = {
    host,
    url: `ws://${host}`,
    attempts: [],
    dictionaryRequests: 0,
    dictionary: undefined,
    open: () => sockets.clients.size,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate()
        http.close(() => resolve())
        http.closeAllConnections()
      }),
  }
  return server
}
