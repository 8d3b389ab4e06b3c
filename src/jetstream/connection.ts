import type { RawData, WebSocket } from 'ws'
import type { Micros, StreamEvent } from '../atproto/event.ts'
import type { Clock } from './clock.ts'
import type { Frame } from './fields.ts'
import type { Ending, GapReason, Place, StreamObserver } from './observer.ts'
import { type Dictionary, inflate } from './zstd.ts'

export type ConnectionOptions = {
  socket: WebSocket
  place: Place
  /** Reads one frame of the wire. */
  read: (text: string) => Frame
  wants: (event: StreamEvent) => boolean
  /** What the frames are compressed with; undefined when they are not. */
  dictionary: Dictionary | undefined
  /** Our very place was asked for, so that a host that does not know it has to be asked otherwise. */
  exact: boolean
  signal: AbortSignal
  limits: ConnectionLimits
  clock: Clock
  observer: StreamObserver
}

export type ConnectionLimits = {
  /** Events in one chunk. */
  most: number
  /** How long a chunk may wait for more, in milliseconds. */
  withinMs: number
  /** Without any sign of life for so long, the connection is given up. */
  silenceMs: number
  /** Text that was read and not yet taken; from here on the socket is not read. */
  highWaterBytes: number
  /** A larger frame is refused. */
  maxFrameBytes: number
}

/** Events that came in a row, and the place after the last. */
export type Chunk = {
  events: StreamEvent[]
  /** The last frame's place and time, wanted or not. */
  value: number
  at: Micros
  /** The first frame's time, wanted or not. */
  firstAt: Micros
  /** Received on the wire since the chunk before. */
  bytes: number
}

type Filling = Chunk & { startedMs: number; held: number }

const WATCHES_PER_SILENCE = 4

/**
 * A socket as a bounded queue of chunks. Frames are parsed as they arrive; the socket is paused at a mark and
 * resumed below half of it. Whoever opens one disposes it.
 */
export class Connection implements AsyncDisposable {
  readonly #options: ConnectionOptions
  readonly #closed: Promise<void>
  readonly #onAbort: () => void
  readonly #chunks: Filling[] = []
  /** Compressed frames that are not inflated yet, oldest first. */
  #frames: Buffer[] = []
  #held = 0
  #bytes = 0
  #paused = false
  #alive = true
  #quietWatches = 0
  #callOffWatch = () => {}
  #wake = () => {}
  #ending: Ending | undefined
  #notice: GapReason | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    const { socket, signal } = options
    this.#onAbort = () => {
      socket.terminate()
      this.#wake()
    }
    signal.addEventListener('abort', this.#onAbort, { once: true })
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary))
    socket.on('ping', () => {
      this.#alive = true
    })
    socket.on('error', (error) => this.#onError(error))
    this.#closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.#end({ kind: 'closed', code, message: reason.toString().slice(0, 300) })
        resolve()
      })
    })
  }

  /** Once the socket is open: says `hello` where the wire wants one, and watches for silence. */
  start(hello: string | undefined): void {
    if (hello !== undefined) this.#options.socket.send(hello)
    this.#watch()
  }

  /** Why the stream has ended; undefined while it goes on. */
  get ending(): Ending | undefined {
    return this.#ending
  }

  /** What the server said of the place that it was asked for. */
  get notice(): GapReason | undefined {
    return this.#notice
  }

  /** The next chunk, as soon as it is full or old enough; undefined after the last. Rejects when aborted. */
  async next(): Promise<Chunk | undefined> {
    const { signal, clock, limits } = this.#options
    for (;;) {
      signal.throwIfAborted()
      const chunk = this.#chunks[0]
      if (chunk === undefined) {
        if (this.#ending !== undefined) return undefined
        await this.#woken(undefined)
        continue
      }
      const waitMs = chunk.startedMs + limits.withinMs - clock.now()
      const full = chunk.events.length >= limits.most
      if (full || waitMs <= 0 || this.#paused || this.#ending !== undefined) return this.#take(chunk)
      await this.#woken(waitMs)
    }
  }

  /** Resolves when the socket is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal.removeEventListener('abort', this.#onAbort)
    this.#callOffWatch()
    this.#options.socket.terminate()
    await this.#closed
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#ending !== undefined) return
    // One buffer, as long as nobody sets the socket's binaryType.
    const frame = data as Buffer
    this.#alive = true
    this.#bytes += frame.length
    if (!isBinary) {
      if (this.#frames.length > 0) this.#inflate()
      this.#accept(frame.toString())
    } else if (this.#options.dictionary === undefined) {
      this.#options.observer.malformed(this.#options.place, 'binary')
    } else {
      // What one read of the socket brings arrives within one tick, and is inflated together.
      if (this.#frames.push(frame) === 1) process.nextTick(() => this.#inflate())
    }
  }

  /** Inflates what waits, as far as there is room for it. */
  #inflate(): void {
    const { dictionary, limits, observer, place } = this.#options
    if (dictionary === undefined) return
    while (this.#frames.length > 0 && !this.#paused) {
      const results = inflate(this.#frames, dictionary, limits.maxFrameBytes)
      this.#frames = this.#frames.slice(results.length)
      for (const result of results) {
        if ('text' in result) this.#accept(result.text)
        else if (result.failed !== 'wrong-dictionary') observer.malformed(place, result.failed)
        else {
          this.#frames = []
          this.#end({ kind: 'undecodable', message: 'frames name another dictionary than was agreed on' })
          return
        }
      }
    }
  }

  #accept(text: string): void {
    const { read, observer, place } = this.#options
    const frame = read(text)
    switch (frame.type) {
      case 'event':
        this.#keep(frame.event, frame.value, text.length)
        break
      case 'malformed':
        observer.malformed(place, frame.reason)
        break
      case 'unknown':
        break
      case 'info':
        this.#heed(frame.name, frame.message)
        break
      case 'error':
        this.#end({ kind: 'error-frame', error: frame.error, message: frame.message })
        break
    }
  }

  #keep(event: StreamEvent, value: number, size: number): void {
    const { limits, clock, wants } = this.#options
    let chunk = this.#chunks.at(-1)
    if (chunk === undefined || chunk.events.length >= limits.most) {
      chunk = {
        events: [],
        value,
        at: event.at,
        firstAt: event.at,
        bytes: 0,
        startedMs: clock.now(),
        held: 0,
      }
      if (this.#chunks.push(chunk) === 1) this.#wake()
    }
    chunk.value = value
    chunk.at = event.at
    if (!wants(event)) return
    chunk.held += size
    this.#held += size
    if (chunk.events.push(event) >= limits.most) this.#wake()
    if (this.#held >= limits.highWaterBytes && !this.#paused) this.#pause()
  }

  #pause(): void {
    const { socket, observer, place } = this.#options
    this.#paused = true
    socket.pause()
    observer.paused(place)
    this.#wake()
  }

  #take(chunk: Filling): Chunk {
    const { limits, socket, observer, place } = this.#options
    this.#chunks.shift()
    this.#held -= chunk.held
    if (this.#paused && this.#held < limits.highWaterBytes / 2) {
      this.#paused = false
      this.#inflate()
    }
    if (!this.#paused && socket.isPaused) {
      this.#alive = true
      socket.resume()
      observer.resumed(place)
    }
    const bytes = this.#bytes
    this.#bytes = 0
    return { events: chunk.events, value: chunk.value, at: chunk.at, firstAt: chunk.firstAt, bytes }
  }

  #heed(name: string, message: string): void {
    if (name === 'OutdatedCursor') this.#notice = 'outdated-cursor'
    if (name !== 'FutureCursor') return
    if (this.#options.exact) this.#end({ kind: 'cursor-lost', message })
    else this.#notice = 'cursor-lost'
  }

  #onError(error: Error): void {
    const { maxFrameBytes } = this.#options.limits
    if ('code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
      this.#options.observer.malformed(this.#options.place, 'oversized')
      this.#end({ kind: 'oversized', message: `a frame is larger than ${maxFrameBytes} bytes` })
    } else {
      this.#end({ kind: 'closed', code: 1006, message: error.message })
    }
  }

  #end(ending: Ending): void {
    if (this.#ending !== undefined) return
    this.#inflate()
    this.#ending ??= ending
    this.#callOffWatch()
    this.#options.socket.terminate()
    this.#wake()
  }

  /** Pings, frames and our own pauses count as life: while paused, no ping is seen. */
  #watch(): void {
    const { clock, limits } = this.#options
    if (this.#ending !== undefined) return
    this.#callOffWatch = clock.after(limits.silenceMs / WATCHES_PER_SILENCE, () => {
      this.#quietWatches = this.#alive || this.#paused ? 0 : this.#quietWatches + 1
      this.#alive = false
      if (this.#quietWatches < WATCHES_PER_SILENCE) this.#watch()
      else this.#end({ kind: 'silent', message: `nothing came for ${limits.silenceMs / 1_000} s` })
    })
  }

  /** Resolves at the next change that `next` may care about, or after `waitMs`. */
  #woken(waitMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const callOff = waitMs === undefined ? undefined : this.#options.clock.after(waitMs, () => this.#wake())
      this.#wake = () => {
        this.#wake = () => {}
        callOff?.()
        resolve()
      }
    })
  }
}
