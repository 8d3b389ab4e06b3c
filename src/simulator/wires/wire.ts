import type { StreamEvent } from '../../atproto/event.ts'
import type { Encode, Refused } from '../compression.ts'
import type { Filter, FilterProblem } from '../filter.ts'

/** One protocol version of Jetstream: all that the simulator knows about it. */
export type SimulatedWire = {
  name: string
  /** The URL's path. */
  path: string
  /** Accepted in the WebSocket handshake where a client offers it. */
  subprotocol: string | undefined
  /** The HTTP path of its zstd dictionary; undefined where users must bring their own. */
  dictionaryPath: string | undefined
  /** The frame of an event, as real hosts write it; undefined where the wire has no such event. */
  frame: (event: StreamEvent, seq: number) => string | undefined
  /** Informs a client about its request; undefined where the wire has no such frame. */
  infoFrame: (name: string, message: string) => string | undefined
  /** The last frame of a connection that the server ends; undefined where it ends silently. */
  errorFrame: (error: string, message: string) => string | undefined
  /** A sequence number that is no longer kept is answered 400, not moved up. */
  refusesOldNumbers: boolean
  /** Reads a request's filter. */
  filterOf: (query: URLSearchParams) => Filter | FilterProblem
  /** Chooses how to encode frames, by a request's query and headers, whose names are in lower case. */
  encodingOf: (
    query: URLSearchParams,
    headers: Headers,
    dictionary: Uint8Array | undefined,
  ) => Encode | Refused
  /** True where nothing is sent before the client's hello. */
  waitsForHello: (query: URLSearchParams) => boolean
  /**
   * Reads a client's message (`text` is undefined for bytes). Returns a new filter, why to cut the client off with the
   * WebSocket close code, or undefined for a message to ignore.
   */
  heed: (text: string | undefined) => Filter | (FilterProblem & { code: number }) | undefined
  /** The body of a refusal. */
  refusalBody: (error: string, message: string) => Body
  /** Broken frames of this wire, which clients must skip without failing. */
  brokenFrames: readonly string[]
}

export type Headers = Readonly<Record<string, string | string[] | undefined>>

export type Body = { type: string; text: string }
