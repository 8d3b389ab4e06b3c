import type { RawData, WebSocket } from 'ws'
import type { Micros, StreamEvent } from '../../atproto/event.ts'
import type { Clock } from '../clock.ts'
import type { NetworkClock } from '../network-clock.ts'
import type { Ending, GapReason, Place, StreamObserver } from '../observer.ts'
import type { Wire } from '../wires/wire.ts'
import { type Chunk, Queue } from './queue.ts'
import { QuietMeter } from './quiet.ts'
import { Watchdog } from './watchdog.ts'
import { type Dictionary, inflate } from './zstd.ts'

export type ConnectionOptions = {
  socket: WebSocket
  place: Place
  wire: Pick<Wire, 'read' | 'cursors'>
  wants: (event: StreamEvent) => boolean
  /** What the frames are compressed with; undefined when they are not. */
  dictionary: Dictionary | undefined
  /** Our very place was asked for, so that a host that does not know it has to be asked otherwise. */
  exact: boolean
  signal: AbortSignal
  limits: ConnectionLimits
  clock: Clock
  networkClock: NetworkClock
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

/** How long a compressed frame waits for others, in milliseconds, and with how many it does not wait. */
const GATHER_MS = 10
const GATHERED_FRAMES = 256

/**
 * A socket as a bounded queue of chunks. Frames are parsed as they arrive; the socket is paused at a mark and
 * resumed below half of it. Whoever opens one disposes it.
 */
export class Connection implements AsyncDisposable {
  readonly #options: ConnectionOptions
  readonly #closed: Promise<void>
  readonly #onAbort: () => void
  readonly #queue: Queue
  readonly #watchdog: Watchdog
  readonly #quietMeter: QuietMeter
  /** The host has nothing more to send, which the consumer does not know yet. */
  #quiet = false
  /** Compressed frames that are not inflated yet, oldest first. */
  #frames: Buffer[] = []
  #callOff = () => {}
  #paused = false
  #ending: Ending | undefined
  #notice: GapReason | undefined
  /** The newest time that was sent. */
  #newest: Micros = 0

  constructor(options: ConnectionOptions) {
    this.#options = options
    const { socket, signal, limits, clock, wants } = options
    this.#queue = new Queue({ most: limits.most, withinMs: limits.withinMs, wants, clock })
    const silent: Ending = { kind: 'silent', message: `nothing came for ${limits.silenceMs / 1_000} s` }
    this.#watchdog = new Watchdog({ clock, silenceMs: limits.silenceMs, onSilence: () => this.#end(silent) })
    this.#quietMeter = new QuietMeter({
      clock,
      ping: () => {
        if (socket.readyState === socket.OPEN) socket.ping()
      },
      onQuiet: () => {
        this.#quiet = true
        this.#queue.stir()
      },
    })
    this.#onAbort = () => {
      socket.terminate()
      this.#queue.stir()
    }
    signal.addEventListener('abort', this.#onAbort, { once: true })
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary))
    socket.on('ping', () => this.#watchdog.hear())
    socket.on('pong', () => this.#quietMeter.answered())
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
    if (this.#ending !== undefined) return
    this.#watchdog.start()
    this.#quietMeter.start()
  }

  /** What the server said of the place that it was asked for. */
  get notice(): GapReason | undefined {
    return this.#notice
  }

  /**
   * The next chunk, as soon as it is full or old enough; `quiet` once all were taken and the host has nothing more to send;
   * after the last chunk, how it ended. Rejects when aborted.
   */
  async next(): Promise<Chunk | Ending | 'quiet'> {
    for (;;) {
      this.#options.signal.throwIfAborted()
      const dueMs = this.#queue.dueMs
      if (dueMs === 0 || this.#paused || this.#ending !== undefined) {
        const chunk = this.#take()
        if (chunk !== undefined) return chunk
        if (this.#ending !== undefined) return this.#ending
      }
      if (this.#quiet && dueMs === undefined) {
        this.#quiet = false
        return 'quiet'
      }
      await this.#queue.changed(dueMs)
    }
  }

  /** Resolves when the socket is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal.removeEventListener('abort', this.#onAbort)
    this.#callOff()
    this.#watchdog.stop()
    this.#quietMeter.stop()
    this.#options.socket.terminate()
    await this.#closed
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#ending !== undefined) return
    // One buffer, as long as nobody sets the socket's binaryType.
    const frame = data as Buffer
    this.#watchdog.hear()
    this.#quietMeter.hear()
    this.#quiet = false
    this.#queue.receive(frame.length)
    if (!isBinary) {
      if (this.#frames.length > 0) this.#inflate()
      this.#accept(frame.toString())
    } else if (this.#options.dictionary === undefined) {
      this.#options.observer.malformed(this.#options.place, 'binary')
    } else {
      this.#gather(frame)
    }
  }

  /** Keeps a compressed frame until others have come with it: servers send one by one, and together they cost a tenth. */
  #gather(frame: Buffer): void {
    const { clock, limits } = this.#options
    const waiting = this.#frames.push(frame)
    if (waiting === GATHERED_FRAMES) this.#inflate()
    else if (waiting === 1) {
      this.#callOff = clock.after(Math.min(GATHER_MS, limits.withinMs), () => this.#inflate())
    }
  }

  /** Inflates what waits, as far as there is room for it. */
  #inflate(): void {
    const { dictionary, limits, observer, place } = this.#options
    this.#callOff()
    if (dictionary === undefined) return
    while (this.#frames.length > 0 && !this.#paused) {
      const results = inflate(this.#frames, dictionary, limits.maxFrameBytes)
      this.#frames = this.#frames.slice(results.length)
      for (const result of results) {
        if ('text' in result) {
          this.#accept(result.text)
        } else if (result.failed === 'wrong-dictionary') {
          this.#frames = []
          this.#end({ kind: 'undecodable', message: 'frames name another dictionary than was agreed on' })
          return
        } else {
          observer.malformed(place, result.failed)
        }
      }
    }
  }

  #accept(text: string): void {
    const { wire, observer, place, limits } = this.#options
    const frame = wire.read(text)
    switch (frame.type) {
      case 'event':
        this.#push(frame.event, frame.value, text.length)
        if (this.#queue.held >= limits.highWaterBytes && !this.#paused) this.#pause()
        break
      case 'malformed':
        observer.malformed(place, frame.reason)
        break
      case 'unknown':
        observer.malformed(place, 'unknown')
        break
      case 'info':
        this.#heed(frame.name, frame.message)
        break
      case 'error':
        this.#end({ kind: 'error-frame', error: frame.error, message: frame.message })
        break
    }
  }

  #push(event: StreamEvent, value: number, size: number): void {
    const { networkClock, observer, place, wire } = this.#options
    const dated = networkClock.date(event)
    if (dated === undefined) {
      observer.malformed(place, 'time')
      return
    }
    if (dated.misdated) observer.misdated(place, networkClock.ahead)
    const { at } = dated
    // Where the place is a time, one frame with an old one must not lead back there.
    this.#newest = Math.max(this.#newest, at ?? 0)
    const reached =
      at === undefined ? undefined : { value: wire.cursors === 'times' ? this.#newest : value, at }
    this.#queue.push(dated.event, reached, size)
  }

  #pause(): void {
    const { socket, observer, place } = this.#options
    this.#paused = true
    this.#watchdog.deafen()
    socket.pause()
    observer.paused(place)
    this.#queue.stir()
  }

  #take(): Chunk | undefined {
    const chunk = this.#queue.take()
    if (this.#paused && this.#queue.held < this.#options.limits.highWaterBytes / 2) this.#resume()
    return chunk
  }

  #resume(): void {
    const { socket, observer, place } = this.#options
    this.#paused = false
    this.#watchdog.listen()
    observer.resumed(place)
    // What had been read before the pause comes first, and may fill the queue again.
    this.#inflate()
    if (!this.#paused) socket.resume()
  }

  #heed(name: string, message: string): void {
    if (name === 'OutdatedCursor') this.#notice = 'outdated-cursor'
    if (name !== 'FutureCursor') return
    if (this.#options.exact) this.#end({ kind: 'cursor-lost', message })
    else this.#notice = 'cursor-lost'
  }

  #onError(error: Error): void {
    const { limits, observer, place } = this.#options
    if ('code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
      observer.malformed(place, 'oversized')
      this.#end({ kind: 'oversized', message: `a frame is larger than ${limits.maxFrameBytes} bytes` })
    } else {
      this.#end({ kind: 'closed', code: 1006, message: error.message })
    }
  }

  #end(ending: Ending): void {
    if (this.#ending !== undefined) return
    // Frames that came before the end are part of the stream.
    this.#inflate()
    this.#ending ??= ending
    this.#watchdog.stop()
    this.#quietMeter.stop()
    this.#options.socket.terminate()
    this.#queue.stir()
  }
}
