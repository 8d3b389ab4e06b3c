import type { IncomingMessage } from 'node:http'
import type { WebSocket } from 'ws'
import type { Ending } from '../observer.ts'
import { objectOf } from '../wires/fields.ts'

/** How much of a refusal's body is read. */
const MAX_BODY_CHARACTERS = 16 * 1024

/** Resolves with undefined once `socket` is open, else with why it failed. An abort counts as `unreachable`. */
export function handshake(socket: WebSocket, signal: AbortSignal): Promise<Ending | undefined> {
  return new Promise((resolve) => {
    const settle = (ending: Ending | undefined) => {
      signal.removeEventListener('abort', onAbort)
      if (ending !== undefined) socket.terminate()
      resolve(ending)
    }
    const onAbort = () => settle({ kind: 'unreachable', message: textOf(signal.reason) })
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('open', () => settle(undefined))
    socket.once('error', (error) => settle({ kind: 'unreachable', message: textOf(error) }))
    socket.once('unexpected-response', (_request, response) => {
      refusalOf(response).then(settle)
    })
    if (signal.aborted) onAbort()
  })
}

/** An error's message. Of several the first one's, since a host with several addresses fails with an empty message. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError && error.errors.length > 0) return textOf(error.errors[0])
  return error.message
}

async function refusalOf(response: IncomingMessage): Promise<Ending> {
  let body = ''
  try {
    for await (const chunk of response) {
      body += String(chunk)
      if (body.length > MAX_BODY_CHARACTERS) break
    }
  } catch {
    // Report what came before the body was cut off.
  }
  const answer = objectOf(body)
  const error = typeof answer?.error === 'string' ? answer.error : undefined
  const message = typeof answer?.message === 'string' ? answer.message : body
  return { kind: 'refused', status: response.statusCode ?? 0, error, message: message.trim().slice(0, 300) }
}
