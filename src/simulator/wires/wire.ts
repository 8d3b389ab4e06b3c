import type { StreamEvent } from '../../atproto/event.ts'
import type { Encode, Refused } from '../compression.ts'
import type { Filter, FilterProblem } from '../filter.ts'

/** One generation of Jetstream's protocol: all that the simulator has to know of it. */
export type SimulatedWire = {
  name: string
  /** The URL's path. */
  path: string
  /** Agreed to in the WebSocket handshake where a client offers it. */
  subprotocol: string | undefined
  /** Where its zstd dictionary is served over HTTP; undefined where users have to bring it. */
  dictionaryPath: string | undefined
  /** The frame of an event, as a real server writes it; undefined where the wire does not tell of it. */
  frame: (event: StreamEvent, seq: number) => string | undefined
  /** Tells a client something about its request; undefined where the wire says nothing. */
  infoFrame: (name: string, message: string) => string | undefined
  /** The last frame of a connection that the server ends; undefined where it ends without a word. */
  errorFrame: (error: string, message: string) => string | undefined
  /** The number of an event that is gone is answered 400, not moved up. */
  refusesOldNumbers: boolean
  /** Reads what a request is filtered by. */
  filterOf: (query: URLSearchParams) => Filter | FilterProblem
  /** Settles how frames are sent to a client that asks by `query` and by its headers, with lower-case names. */
  encodingOf: (
    query: URLSearchParams,
    headers: Headers,
    dictionary: Uint8Array | undefined,
  ) => Encode | Refused
  /** Nothing is sent before the client has said what it wants. */
  waitsForHello: (query: URLSearchParams) => boolean
  /**
   * Reads what a client says, undefined for bytes: a whole new filter, nothing that matters (`undefined`), or something
   * that it is cut off for, with the WebSocket close code.
   */
  heed: (text: string | undefined) => Filter | (FilterProblem & { code: number }) | undefined
  /** How a request that cannot be granted is answered. */
  refusalBody: (error: string, message: string) => Body
  /** Frames in its manner that no client may choke on, and none may take for an event. */
  brokenFrames: readonly string[]
}

export type Headers = Readonly<Record<string, string | string[] | undefined>>

export type Body = { type: string; text: string }
