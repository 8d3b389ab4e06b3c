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
  /** Frames in the manner of some wire that are broken; see `Faults.malformed`. */
  brokenFrames: readonly string[]
  random: Random
  slow: SlowReader
  pingMs: number
}

/** When a client is given up: the bytes that it leaves waiting, and for how many milliseconds. */
export type SlowReader = { bytes: number; ms: number }

/** Frames sent before other clients have their turn. */
const TURN = 500
/** How often to look whether a client that is behind has read on, in milliseconds. */
const LOOK_MS = 5

/** Sends one client the archive from its place on, and what is added to it, no faster than it takes them. */
export class Subscription {
  readonly #options: SubscriptionOptions
  #filter: Filter
  #seq: number
  #sent = 0
  #scheduled = false
  /** Since when the client has left too much waiting, by `performance.now()`. */
  #behindSince: number | undefined

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

  /** From the next event on, this is what the client wants. */
  update(filter: Filter): void {
    this.#filter = filter
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#pump())
  }

  #pump(): void {
    const { socket, archive, faults, slow } = this.#options
    this.#scheduled = false
    for (let n = 0; n < TURN && this.#seq < archive.nextSeq; n++) {
      if (socket.readyState !== socket.OPEN || faults.silent) return
      if (socket.bufferedAmount > slow.bytes) {
        this.#waitForReader()
        return
      }
      const entry = archive.from(this.#seq)
      if (entry === undefined) return
      this.#seq = entry.seq + 1
      this.#tell(entry)
    }
    this.#behindSince = undefined
    if (this.#seq < archive.nextSeq) this.#schedule()
  }

  #waitForReader(): void {
    const { socket, wire, slow } = this.#options
    this.#behindSince ??= performance.now()
    if (performance.now() - this.#behindSince <= slow.ms) {
      this.#scheduled = true
      setTimeout(() => this.#pump(), LOOK_MS)
      return
    }
    const error = wire.errorFrame('ConsumerTooSlow', 'reading below the floor rate')
    this.#send(error)
    if (error === undefined) socket.terminate()
    else socket.close(1008)
  }

  /** Sends an event, and whatever the faults make of it. */
  #tell(entry: Entry): void {
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

  /** Sends something that is no frame, or `text` without its end. */
  #garble(text: string): void {
    const { socket, encode, faults, brokenFrames, random } = this.#options
    const cut = random.chance(0.2)
    socket.send(
      cut ? cutOff(encode(text), random) : encode(malformedFrame(random, faults.hugeFrame, brokenFrames)),
    )
  }

  /** Sends the last few again, in order, as a server that resumes a little too early does. */
  #repeat(): void {
    const { archive } = this.#options
    const index = archive.indexOfSeq(this.#seq)
    for (const entry of archive.entries.slice(Math.max(0, index - 5), index)) this.#send(this.#frameOf(entry))
  }

  /** The text to send; undefined where the client does not want it or its wire does not have it. */
  #frameOf(entry: Entry): string | undefined {
    const { wants, largest } = this.#filter
    if (!wants(entry.event)) return undefined
    const text = entry.frame(this.#options.wire)
    const tooLarge = text !== undefined && largest > 0 && Buffer.byteLength(text) > largest
    return tooLarge ? undefined : text
  }

  #send(text: string | undefined): void {
    const { socket, encode } = this.#options
    if (text !== undefined) socket.send(encode(text))
  }
}
