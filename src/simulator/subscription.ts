import type { WebSocket } from 'ws'
import type { Archive, Entry } from './archive.ts'
import { badTimeEntry } from './bad-time.ts'
import type { Encode } from './compression.ts'
import { cutOff, type Faults, malformedFrame } from './faults.ts'
import type { Filter } from './filter.ts'
import { hostileEntry } from './hostile.ts'
import type { Random } from './random.ts'
import type { SimulatedWire } from './wires/wire.ts'

export type SubscriptionOptions = {
  socket: WebSocket
  wire: SimulatedWire
  archive: Archive
  /** The number of the entry to begin with. */
  seq: number
  filter: Filter
  encode: Encode
  faults: Faults
  /** The broken frames of all wires; see `Faults.malformed`. */
  brokenFrames: readonly string[]
  random: Random
  slow: SlowReader
  pingMs: number
}

/** A client that leaves more than `bytes` unread for more than `ms` milliseconds is cut off. */
export type SlowReader = { bytes: number; ms: number }

/** Frames sent before other clients have their turn. */
const FRAMES_PER_TURN = 500
/** How often to check whether a slow client has read on, in milliseconds. */
const CHECK_EVERY_MS = 5
/** Pause between two pieces of a stream that trickles, in milliseconds. */
const TRICKLE_MS = 50

/** Sends one client the archive from its place on, new entries included, no faster than the client reads. */
export class Subscription {
  readonly #options: SubscriptionOptions
  #filter: Filter
  #seq: number
  #sent = 0
  #scheduled = false
  /** Since when the client has left too much unread, by `performance.now()`. */
  #behindSinceMs: number | undefined

  constructor(options: SubscriptionOptions) {
    const { socket, archive, faults, pingMs, filter, seq } = options
    this.#options = options
    this.#filter = filter
    this.#seq = seq
    const stopListening = archive.onAdded(() => this.#schedule())
    const pings = setInterval(() => {
      if (!faults.silent && socket.readyState === socket.OPEN) socket.ping()
    }, pingMs)
    socket.once('close', () => {
      stopListening()
      clearInterval(pings)
    })
    this.#schedule()
  }

  /** Replaces the filter from the next event on. */
  update(filter: Filter): void {
    this.#filter = filter
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#pump())
  }

  #pumpIn(ms: number): void {
    this.#scheduled = true
    setTimeout(() => this.#pump(), ms)
  }

  #pump(): void {
    const { socket, archive, faults, slow } = this.#options
    this.#scheduled = false
    const aPiece = Math.max(1, Math.floor((faults.framesPerSecond * TRICKLE_MS) / 1_000))
    for (let n = 0; n < Math.min(FRAMES_PER_TURN, aPiece) && this.#seq < archive.nextSeq; n++) {
      if (socket.readyState !== socket.OPEN || faults.silent) return
      if (socket.bufferedAmount > slow.bytes) {
        this.#waitForReader()
        return
      }
      const entry = archive.from(this.#seq)
      if (entry === undefined) return
      this.#seq = entry.seq + 1
      this.#sendEntry(entry)
    }
    this.#behindSinceMs = undefined
    if (aPiece < FRAMES_PER_TURN) this.#pumpIn(TRICKLE_MS)
    else if (this.#seq < archive.nextSeq) this.#schedule()
  }

  #waitForReader(): void {
    const { socket, wire, slow } = this.#options
    this.#behindSinceMs ??= performance.now()
    if (performance.now() - this.#behindSinceMs <= slow.ms) {
      this.#pumpIn(CHECK_EVERY_MS)
      return
    }
    const error = wire.errorFrame('ConsumerTooSlow', 'reading below the floor rate')
    this.#send(error)
    if (error === undefined) socket.terminate()
    else socket.close(1008)
  }

  /** Sends an event, with the faults that chance adds. */
  #sendEntry(entry: Entry): void {
    const { socket, faults, random } = this.#options
    const text = this.#frameOf(entry)
    if (text === undefined) return
    if (random.chance(faults.malformed)) this.#garble(text)
    if (random.chance(faults.hostile)) this.#send(this.#frameOf(hostileEntry(random, entry, faults)))
    if (random.chance(faults.badTime)) this.#send(this.#frameOf(badTimeEntry(random, entry)))
    this.#send(text)
    this.#sent += 1
    if (random.chance(faults.duplicate)) this.#repeat()
    if (random.chance(faults.drop) || this.#sent === faults.dropAfter) socket.terminate()
  }

  /** Sends a malformed frame, or `text` cut off. */
  #garble(text: string): void {
    const { socket, encode, faults, brokenFrames, random } = this.#options
    const cut = random.chance(0.2)
    socket.send(
      cut ? cutOff(encode(text), random) : encode(malformedFrame(random, faults.hugeFrame, brokenFrames)),
    )
  }

  /** Sends the last five entries again, in order, as a host does that resumes a little too early. */
  #repeat(): void {
    const { archive } = this.#options
    const index = archive.indexOfSeq(this.#seq)
    for (const entry of archive.entries.slice(Math.max(0, index - 5), index)) this.#send(this.#frameOf(entry))
  }

  /** The text to send; undefined where the client does not want the event, or the wire has no such event. */
  #frameOf(entry: Entry): string | undefined {
    const { wants, maxFrameBytes } = this.#filter
    if (!wants(entry.event)) return undefined
    const text = entry.frame(this.#options.wire)
    const tooLarge = text !== undefined && maxFrameBytes > 0 && Buffer.byteLength(text) > maxFrameBytes
    return tooLarge ? undefined : text
  }

  #send(text: string | undefined): void {
    const { socket, encode } = this.#options
    if (text !== undefined) socket.send(encode(text))
  }
}
