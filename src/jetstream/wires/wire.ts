import type { Did, Micros, Nsid, StreamEvent, WireName } from '../../atproto/event.ts'
import type { MalformedReason } from '../observer.ts'

/** One generation of Jetstream's protocol: all that the client has to know of it. */
export type Wire = {
  /** Stands in cursors, which ledgers keep, in logs and in metrics: it never comes to name another wire. */
  name: WireName
  /** The URL's path. A URL with this path fixes the wire. */
  path: string
  /** Offered in the WebSocket handshake. */
  subprotocols: readonly string[]
  /** How the query names its two lists. */
  query: { collections: string; dids: string }
  /** The query's parameter that asks for frames compressed with the dictionary of that id. */
  compression: (dictionaryId: number) => Parameter
  /**
   * The first message, for a list of people that is too long for a URL, and the query's parameter that announces it.
   * Undefined where a client must send nothing: such a list stays with us.
   */
  hello: { parameter: Parameter; message: (wanted: Wanted) => string } | undefined
  /** Reads one frame. Never throws, whatever it is given. */
  read: (text: string) => Frame
  /** `times`: a cursor is the newest event's time. `numbers`: it is a sequence number, which only its host knows. */
  cursors: 'times' | 'numbers'
  /** The first step past a frame that cannot be taken, in units of the cursor. */
  step: number
  /**
   * For how long hosts keep events at least, where they move an older cursor up without a word. Undefined where they
   * announce or refuse it.
   */
  silentClampAfter: Micros | undefined
  /** Where the zstd dictionary is: at a path of the host, or in a file that the user names. */
  dictionary: { from: 'host'; path: string } | { from: 'user' }
}

/** Wires to choose from, in order of preference, best first. */
export type WireList = readonly [Wire, ...Wire[]]

type Parameter = readonly [name: string, value: string]

/** What of the stream is wanted. */
type Wanted = {
  /** Commits in these collections; every collection when empty. */
  collections: readonly Nsid[]
  dids: readonly Did[]
  /** Larger messages are not to be sent; unlimited when undefined. */
  maxMessageBytes: number | undefined
}

/** What a frame turned out to be. */
export type Frame =
  /** `value` is what the protocol calls the event's cursor: its `seq` or its `time_us`. */
  | { type: 'event'; event: StreamEvent; value: number }
  | { type: 'malformed'; reason: MalformedReason }
  /** Something newer than this program: skipped, and no place to resume from. */
  | { type: 'unknown' }
  /** The host tells something about the request. */
  | { type: 'info'; name: string; message: string }
  /** The last frame of a stream that the host ends. */
  | { type: 'error'; error: string; message: string }

/** From here on hosts read a cursor as a time in microseconds, below as a sequence number: on every wire. */
export const TIME_CURSORS = 1e15
