import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { WebSocket } from 'ws'
import type { Simulator } from '../../src/simulator/simulator.ts'
import { v1 } from '../../src/simulator/wires/v1.ts'
import { v2 } from '../../src/simulator/wires/v2.ts'

/** The wires that tests compare with each other, by name. */
export const WIRES = { v1, v2 }
export type WireName = keyof typeof WIRES

/** A WebSocket, and all frames that it received. */
export type Client = AsyncDisposable & {
  socket: WebSocket
  received: string[]
  pings: number
  /** The code with which it was closed, once it was. */
  closed: number | undefined
}

export function addressOf(
  { url }: Simulator,
  wire: WireName,
  query: Readonly<Record<string, string>> = {},
): string {
  return `${url}${WIRES[wire].path}?${new URLSearchParams(query)}`
}

/** Connects like a client that understands none of the frames. */
export async function listen(
  simulator: Simulator,
  wire: WireName,
  query: Readonly<Record<string, string>> = {},
): Promise<Client> {
  const socket = new WebSocket(addressOf(simulator, wire, query), { perMessageDeflate: false })
  const client: Client = {
    socket,
    received: [],
    pings: 0,
    closed: undefined,
    [Symbol.asyncDispose]: async () => {
      socket.terminate()
      await ending(client)
    },
  }
  socket.on('close', (code) => {
    client.closed = code
  })
  socket.on('message', (data) => client.received.push(String(data)))
  socket.on('ping', () => {
    client.pings += 1
  })
  await once(socket, 'open')
  socket.on('error', () => {})
  return client
}

/**
 * Resolves once `client` has received all that the server had to send: it answers two pings, and between them any frame that
 * is ready goes out.
 */
export async function allReceived({ socket }: Client): Promise<void> {
  for (let n = 0; n < 2; n++) {
    const answered = once(socket, 'pong')
    socket.ping()
    await answered
  }
}

/** The answer to an attempt to connect that the server refuses. */
export async function refusal(
  address: string,
  headers: Record<string, string> = {},
): Promise<{ status: number | undefined; body: string }> {
  const socket = new WebSocket(address, { perMessageDeflate: false, headers })
  const opened = once(socket, 'open').then(() => {
    socket.terminate()
    throw new Error(`expected ${address} to be refused, and it was not`)
  })
  const refused = once(socket, 'unexpected-response')
  const [, response] = (await Promise.race([refused, opened])) as [unknown, IncomingMessage]
  return { status: response.statusCode, body: await text(response) }
}

/** Resolves with the first `count` frames once they have arrived. */
export async function frames(client: Client, count: number): Promise<unknown[]> {
  await until(() => client.received.length >= count, `${count} frames`)
  return client.received.slice(0, count).map((frame) => JSON.parse(frame))
}

/** Resolves with the code with which a client is closed. */
export async function ending(client: Client): Promise<number | undefined> {
  await until(() => client.closed !== undefined, 'the end')
  return client.closed
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  const late = performance.now() + 5_000
  while (!condition()) {
    if (performance.now() > late) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
