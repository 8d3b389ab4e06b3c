import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { PROBLEM_TYPE, problemOf } from './problem.ts'
import { HEADERS } from './protect.ts'

const COMMON = Object.entries(HEADERS)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('')

/**
 * The answers on a connection that were not over when its latest request came, and the one to that: a property of the socket, since
 * a WeakMap would take a twentieth of the time of the fastest route.
 */
const ANSWERS_OF = Symbol('answers')
type Noted = Socket & { [ANSWERS_OF]?: ServerResponse | ServerResponse[] }

/** Has `answerBrokenRequest` know which answers of `server` have begun. */
export function noteAnswers(server: Server): void {
  server.on('request', ({ socket }: { socket: Noted }, response) => {
    const before = socket[ANSWERS_OF]
    // The fast path, nearly always: the client has waited for the answer before.
    if (before === undefined || (!Array.isArray(before) && !isOpen(before))) socket[ANSWERS_OF] = response
    else socket[ANSWERS_OF] = [...[before].flat().filter(isOpen), response]
  })
}

/**
 * Answers bytes that are not HTTP, and closes the connection: nobody can tell where the next request begins. Only closes it
 * where an answer has begun: a second one would stand in the middle of it, or be taken for the answer to another request.
 */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || hasBegunAnswer(socket)) {
    socket.destroy()
    return
  }
  const [status, detail] = ANSWERS[error.code ?? ''] ?? [400, 'This is not a request in HTTP/1.1.']
  const problem = problemOf(status, 'InvalidRequest', detail)
  const body = JSON.stringify(problem)
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\n${COMMON}content-type: ${PROBLEM_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

/** Whether a request is being answered, or was answered before all of it had come. */
function hasBegunAnswer(socket: Noted): boolean {
  // A server for a second address of the same name has no notes: there, whatever was written may be such an answer.
  const noted = socket[ANSWERS_OF]
  if (noted === undefined) return socket.bytesWritten > 0
  return [noted].flat().some((response) => response.headersSent && isOpen(response))
}

/** Whether more of an answer may be written, or more of its request come. */
function isOpen({ writableFinished, req }: ServerResponse): boolean {
  return !writableFinished || !req.complete
}

/** By the error codes of Node's HTTP parser. */
const ANSWERS: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'All headers together are longer than 16 KiB.'],
}
