import { WebSocket } from 'ws'
import type { Ending } from '../observer.ts'
import type { Settings } from '../options.ts'
import { Connection } from '../socket/connection.ts'
import { handshake, textOf } from '../socket/handshake.ts'
import type { Ask } from './cursor.ts'
import type { Dictionaries } from './dictionaries.ts'
import { type Endpoint, helloOf, type Request, requestUrl } from './hosts.ts'

export type DialOptions = {
  settings: Settings
  dictionaries: Dictionaries
  endpoint: Endpoint
  ask: Ask
  /** Asks the host to leave out larger messages; undefined for no limit. */
  maxMessageBytes: number | undefined
  /** Covers fetching the dictionary and the handshake. */
  dialTimeoutMs: number
}

/** An open connection, which the caller must dispose, or why there is none. */
export type Dialled = { compressed: boolean } & (
  | { connection: Connection; ending: undefined }
  | { connection: undefined; ending: Ending }
)

/** Opens a stream at `endpoint`. Rejects only when the subscription is aborted. */
export async function dial(options: DialOptions): Promise<Dialled> {
  const { settings, dictionaries, endpoint, ask, maxMessageBytes, dialTimeoutMs } = options
  const { place, wire } = endpoint
  const { signal, clock } = settings
  const timeout = new AbortController()
  const cancelTimer = clock.after(dialTimeoutMs, () =>
    timeout.abort(new Error(`no answer within ${dialTimeoutMs / 1_000} s`)),
  )
  const attempt = AbortSignal.any([signal, timeout.signal])
  try {
    const dictionary = await dictionaries.get(endpoint, attempt)
    const request: Request = { cursor: ask.value, dictionary: dictionary?.id, maxMessageBytes }
    const socket = new WebSocket(requestUrl(endpoint, settings.filter, request), [...wire.subprotocols], {
      // Hosts answer 400 where it is offered beside zstd.
      perMessageDeflate: false,
      // Invalid UTF-8 must not end the connection: it spoils one string, and wires/ checks those that are used.
      skipUTF8Validation: true,
      maxPayload: settings.maxFrameBytes,
      headers: { 'user-agent': 'bsky-rpg' },
    })
    const connection = new Connection({
      socket,
      place,
      wire,
      wants: settings.wants,
      dictionary,
      exact: ask.exact,
      signal,
      limits: settings,
      clock,
      networkClock: settings.networkClock,
      observer: settings.observer,
    })
    const compressed = dictionary !== undefined
    const failure = await handshake(socket, attempt)
    if (failure !== undefined) {
      await connection[Symbol.asyncDispose]()
      return { connection: undefined, ending: failure, compressed }
    }
    connection.start(helloOf(wire, settings.filter, request))
    return { connection, ending: undefined, compressed }
  } catch (error) {
    signal.throwIfAborted()
    return {
      connection: undefined,
      ending: { kind: 'unreachable', message: textOf(error) },
      compressed: false,
    }
  } finally {
    cancelTimer()
  }
}
