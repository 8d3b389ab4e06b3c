import type { Micros, StreamEvent } from '../../atproto/event.ts'
import type { NetworkClock } from '../network-clock.ts'
import type { Place, StreamObserver } from '../observer.ts'
import type { Wire } from '../wires/wire.ts'
import type { Queue } from './queue.ts'

export type FrameReaderOptions = {
  place: Place
  wire: Pick<Wire, 'read' | 'cursors'>
  networkClock: NetworkClock
  observer: StreamObserver
  /** Receives every event, with a believable time. */
  queue: Queue
  /** The host says something about the request. */
  onInfo: (name: string, message: string) => void
  /** The host says why it ends the connection. */
  onError: (error: string, message: string) => void
}

/** Reads a connection's frames in order, and reports those that it skips. */
export class FrameReader {
  readonly #options: FrameReaderOptions
  readonly #read: Wire['read']
  readonly #byTime: boolean
  /** The newest time of all events so far. */
  #newest: Micros = 0

  constructor(options: FrameReaderOptions) {
    this.#options = options
    this.#read = options.wire.read
    this.#byTime = options.wire.cursors === 'times'
  }

  read(text: string): void {
    const { observer, place, onInfo, onError } = this.#options
    const frame = this.#read(text)
    switch (frame.type) {
      case 'event':
        this.#push(frame.event, frame.value, text.length)
        break
      case 'malformed':
        observer.malformed(place, frame.reason)
        break
      case 'unknown':
        observer.malformed(place, 'unknown')
        break
      case 'info':
        onInfo(frame.name, frame.message)
        break
      case 'error':
        onError(frame.error, frame.message)
        break
    }
  }

  #push(event: StreamEvent, value: number, textBytes: number): void {
    const { networkClock, observer, place, queue } = this.#options
    const dated = networkClock.date(event)
    if (dated === undefined) {
      observer.malformed(place, 'time')
      return
    }
    if (dated.misdated) observer.misdated(place, networkClock.ahead)
    const { at } = dated
    // Where cursors are times, one old event must not move the place back.
    this.#newest = Math.max(this.#newest, at ?? 0)
    const reached = at === undefined ? undefined : { value: this.#byTime ? this.#newest : value, at }
    queue.push(dated.event, reached, textBytes)
  }
}
