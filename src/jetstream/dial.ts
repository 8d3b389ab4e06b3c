import { WebSocket } from 'ws'
import { Connection } from './connection.ts'
import type { Ask } from './cursor.ts'
import type { Dictionaries } from './dictionaries.ts'
import { handshake } from './handshake.ts'
import { type Endpoint, helloOf, requestUrl } from './hosts.ts'
import type { Ending } from './observer.ts'
import type { Settings } from './options.ts'
import { readV1 } from './wire-v1.ts'
import { readV2 } from './wire-v2.ts'

const SUBPROTOCOLS = { v1: [], v2: ['xrpc.v1.json'] } as const
const READERS = { v1: readV1, v2: readV2 } as const

export type DialOptions = {
  settings: Settings
  dictionaries: Dictionaries
  endpoint: Endpoint
  ask: Ask
  /** Messages too large for us shall not be sent; only v1 can be told so. */
  largest: number | undefined
  /** How long the attempt may take, in milliseconds. */
  withinMs: number
}

/** A connection that is open, or why there is none; and whether frames were asked to be compressed. */
export type Dialled =
  | { connection: Connection; compressed: boolean }
  | { ending: Ending; compressed: boolean }

/** Opens a connection to `endpoint`. Rejects only with the reason of an aborted signal. */
export async function dial(options: DialOptions): Promise<Dialled> {
  const { settings, dictionaries, endpoint, ask, largest, withinMs } = options
  const { signal, clock, filter, limits, observer, wants } = settings
  const late = new AbortController()
  const callOff = clock.after(withinMs, () => late.abort(new Error(`no answer within ${withinMs / 1000} s`)))
  const attempt = AbortSignal.any([signal, late.signal])
  try {
    const dictionary = await dictionaries.get(endpoint, attempt)
    const compressed = dictionary !== undefined
    const request = { cursor: ask.value, dictionary: dictionary?.id, largest }
    const socket = new WebSocket(requestUrl(endpoint, filter, request), [...SUBPROTOCOLS[endpoint.wire]], {
      // Offered together with zstd, hosts answer 400.
      perMessageDeflate: false,
      maxPayload: limits.maxFrameBytes,
      // The text of broken frames is not JSON either way.
      skipUTF8Validation: true,
    })
    const connection = new Connection({
      socket,
      place: endpoint,
      read: READERS[endpoint.wire],
      wants,
      dictionary,
      exact: ask.exact,
      signal,
      limits,
      clock,
      observer,
    })
    const ending = await handshake(socket, attempt)
    if (ending !== undefined) {
      await connection[Symbol.asyncDispose]()
      signal.throwIfAborted()
      return { ending, compressed }
    }
    connection.start(helloOf(endpoint.wire, filter, request))
    observer.connected({ host: endpoint.host, wire: endpoint.wire, compressed })
    return { connection, compressed }
  } catch (error) {
    signal.throwIfAborted()
    const message = error instanceof Error ? error.message : String(error)
    return { ending: { kind: 'unreachable', message }, compressed: false }
  } finally {
    callOff()
  }
}
