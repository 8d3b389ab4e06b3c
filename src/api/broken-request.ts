import type { Socket } from 'node:net'
import { PROBLEM_TYPE, problemOf } from './problem.ts'
import { HEADERS } from './protect.ts'

const COMMON = Object.entries(HEADERS)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('')

/** Answers bytes that are not HTTP, and closes the connection: nobody can tell where the next request begins. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
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

/** By the error codes of Node's HTTP parser. */
const ANSWERS: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'All headers together are longer than 16 KiB.'],
}
