import type { RawData, WebSocket } from 'ws'
import type { StreamEvent } from '../../atproto/event.ts'
import type { Clock } from '../clock.ts'
import type { Limits } from '../limits.ts'
import type { NetworkClock } from '../network-clock.ts'
import type { Ending, GapReason, Place, StreamObserver } from '../observer.ts'
import type { Wire } from '../wires/wire.ts'
import { CompressedFrames, type Failure } from './compressed-frames.ts'
import { FrameReader } from './frame-reader.ts'
import { type Chunk, Queue } from './queue.ts'
import { QuietMeter } from './quiet.ts'
import { Watchdog } from './watchdog.ts'
import type { Dictionary } from './zstd.ts'

export type ConnectionOptions = {
  socket: WebSocket
  place: Place
  wire: Pick<Wire, 'read' | 'cursors'>
  wants: (event: StreamEvent) => boolean
  /** Frames are compressed with it; undefined where they come uncompressed. */
  dictionary: Dictionary | undefined
  /** The request named our exact place, so a host that does not know it must be asked again, by time. */
  exact: boolean
  signal: AbortSignal
  limits: Limits
  clock: Clock
  networkClock: NetworkClock
  observer: StreamObserver
}

/**
 * Reads a socket into a bounded queue of chunks. Frames are parsed as they arrive; the socket is paused at
 * `highWaterBytes` and resumed below half of it. The caller must dispose it.
 */
export class Connection implements AsyncDisposable {
  readonly #options: ConnectionOptions
  readonly #closed: Promise<void>
  readonly #onAbort: () => void
  readonly #queue: Queue
  readonly #reader: FrameReader
  readonly #watchdog: Watchdog
  readonly #quietMeter: QuietMeter
  /** The host has nothing more to send, and `next` has not said so yet. */
  #quiet = false
  /** Undefined where frames come uncompressed. */
  readonly #compressed: CompressedFrames | undefined
  #paused = false
  #ending: Ending | undefined
  #notice: GapReason | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    const { socket, signal, limits, clock, wants, dictionary, place, wire, networkClock, observer } = options
    this.#queue = new Queue({ limits, wants, clock })
    this.#reader = new FrameReader({
      place,
      wire,
      networkClock,
      observer,
      queue: this.#queue,
      onInfo: (name, message) => this.#onInfo(name, message),
      onError: (error, message) => this.#end({ kind: 'error-frame', error, message }),
    })
    this.#compressed =
      dictionary &&
      new CompressedFrames({
        dictionary,
        maxFrameBytes: limits.maxFrameBytes,
        batchWindowMs: limits.batchWindowMs,
        clock,
        hasRoom: () => !this.#paused,
        onText: (text) => this.#accept(text),
        onFailure: (failed) => this.#onFailure(failed),
      })
    const silent: Ending = { kind: 'silent', message: `nothing came for ${limits.silenceMs / 1_000} s` }
    this.#watchdog = new Watchdog({ clock, silenceMs: limits.silenceMs, onSilence: () => this.#end(silent) })
    this.#quietMeter = new QuietMeter({
      clock,
      ping: () => {
        if (socket.readyState === socket.OPEN) socket.ping()
      },
      onQuiet: () => {
        this.#quiet = true
        this.#queue.wake()
      },
    })
    this.#onAbort = () => {
      socket.terminate()
      this.#queue.wake()
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

  /** Call once the socket is open: sends `hello` if there is one, and begins to watch for silence. */
  start(hello: string | undefined): void {
    if (hello !== undefined) this.#options.socket.send(hello)
    if (this.#ending !== undefined) return
    this.#watchdog.start()
    this.#quietMeter.start()
  }

  /** Why events may be missing, if the host has said that it did not begin at the cursor requested. */
  get notice(): GapReason | undefined {
    return this.#notice
  }

  /**
   * The next chunk, as soon as it is full or old enough; `quiet` if none is left and the host has nothing more to send;
   * after the last chunk, how the connection ended. Rejects when aborted.
   */
  async next(): Promise<Chunk | Ending | 'quiet'> {
    for (;;) {
      this.#options.signal.throwIfAborted()
      const dueMs = this.#queue.dueMs
      // Nothing more comes while the socket is paused or once it has ended, so a chunk need not wait to fill.
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

  /** Resolves once the socket is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal.removeEventListener('abort', this.#onAbort)
    this.#compressed?.stop()
    this.#watchdog.stop()
    this.#quietMeter.stop()
    this.#options.socket.terminate()
    await this.#closed
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#ending !== undefined) return
    // `ws` passes one buffer unless the socket's binaryType is set.
    const frame = data as Buffer
    this.#watchdog.hear()
    this.#quietMeter.hear()
    this.#quiet = false
    this.#queue.receive(frame.length)
    if (!isBinary) {
      // Compressed frames that still wait came before this one.
      this.#compressed?.flush()
      this.#accept(frame.toString())
    } else if (this.#compressed === undefined) {
      this.#options.observer.malformed(this.#options.place, 'binary')
    } else {
      this.#compressed.add(frame)
    }
  }

  #onFailure(failed: Failure): void {
    if (failed === 'wrong-dictionary') {
      this.#end({ kind: 'undecodable', message: 'frames name another dictionary than was agreed on' })
    } else {
      this.#options.observer.malformed(this.#options.place, failed)
    }
  }

  #accept(text: string): void {
    this.#reader.read(text)
    if (this.#queue.textBytes >= this.#options.limits.highWaterBytes && !this.#paused) this.#pause()
  }

  #pause(): void {
    const { socket, observer, place } = this.#options
    this.#paused = true
    this.#watchdog.deafen()
    socket.pause()
    observer.paused(place)
    this.#queue.wake()
  }

  #take(): Chunk | undefined {
    const chunk = this.#queue.take()
    if (this.#paused && this.#queue.textBytes < this.#options.limits.highWaterBytes / 2) this.#resume()
    return chunk
  }

  #resume(): void {
    const { socket, observer, place } = this.#options
    this.#paused = false
    this.#watchdog.listen()
    observer.resumed(place)
    // Frames read before the pause come first, and may fill the queue again.
    this.#compressed?.flush()
    if (!this.#paused) socket.resume()
  }

  #onInfo(name: string, message: string): void {
    if (name === 'OutdatedCursor') this.#notice = 'outdated-cursor'
    if (name !== 'FutureCursor') return
    // The host does not know the cursor and has begun at the live tip. An exact one is requested again, by time.
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
    // Frames that wait came before the end and are part of the stream; one of them may say more about why it ended.
    this.#compressed?.flush()
    this.#ending ??= ending
    this.#watchdog.stop()
    this.#quietMeter.stop()
    this.#options.socket.terminate()
    this.#queue.wake()
  }
}
