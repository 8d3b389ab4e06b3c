import type { Did, Micros, Nsid, StreamEvent, WireName } from '../../atproto/event.ts'
import type { MalformedReason } from '../observer.ts'

/** One protocol version of Jetstream: all that the client knows about it. */
export type Wire = {
  /** Stored in ledgers' cursors, and shown in logs and metrics: never reuse a name for another wire. */
  name: WireName
  /** The URL's path. A URL with this path fixes the wire. */
  path: string
  /** Offered in the WebSocket handshake. */
  subprotocols: readonly string[]
  /** The query parameters of the two lists. */
  query: { collections: string; dids: string }
  /** The query parameter that asks for frames compressed with the dictionary of that id. */
  compression: (dictionaryId: number) => Parameter
  /**
   * The first message, for a list of people that is too long for a URL, and the query parameter that announces it.
   * Undefined where clients must not send anything: then only our side filters by such a list.
   */
  hello: { parameter: Parameter; message: (wanted: Wanted) => string } | undefined
  /** Reads one frame. Never throws, whatever it is given. */
  read: (text: string) => Frame
  /** `times`: a cursor is the newest event's time. `numbers`: it is a sequence number, which only its host knows. */
  cursors: 'times' | 'numbers'
  /** The first step past a frame that cannot be taken, in units of the cursor. */
  step: number
  /**
   * The age in microseconds from which hosts may silently move a cursor up. Undefined where they announce that or refuse
   * the cursor.
   */
  silentClampAfter: Micros | undefined
  /** Where the zstd dictionary comes from: a path of the host, or a file that the user names. */
  dictionary: { from: 'host'; path: string } | { from: 'user' }
}

/** Wires to choose from, in order of preference, best first. */
export type WireList = readonly [Wire, ...Wire[]]

type Parameter = readonly [name: string, value: string]

/** Which events are wanted. */
type Wanted = {
  /** Commits in these collections; every collection when empty. */
  collections: readonly Nsid[]
  dids: readonly Did[]
  /** Asks the host to leave out larger messages; undefined for no limit. */
  maxMessageBytes: number | undefined
}

/** What a frame contains. */
export type Frame =
  /** `value` is what the protocol calls the event's cursor: its `seq` or its `time_us`. */
  | { type: 'event'; event: StreamEvent; value: number }
  | { type: 'malformed'; reason: MalformedReason }
  /** A kind newer than this program: skipped, and no place to resume from. */
  | { type: 'unknown' }
  /** The host says something about the request. */
  | { type: 'info'; name: string; message: string }
  /** The last frame of a stream that the host ends. */
  | { type: 'error'; error: string; message: string }

/** On every wire, hosts read cursors from here on as times in microseconds, and smaller ones as sequence numbers. */
export const TIME_CURSORS = 1e15
