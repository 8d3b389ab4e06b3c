import type { WebSocket } from 'ws'
import type { StreamEvent, Wire } from '../atproto/event.ts'
import type { Archive } from './archive.ts'
import { type Faults, malformedFrame } from './faults.ts'
import { errorV2 } from './frames.ts'
import type { Random } from './random.ts'

export type SubscriptionOptions = {
  socket: WebSocket
  wire: Wire
  archive: Archive
  /** Where to begin in the archive. */
  index: number
  wants: (event: StreamEvent) => boolean
  /** Makes of a frame's text what goes over the wire. */
  encode: (text: string) => string | Buffer
  faults: Faults
  random: Random
  /** Bytes not taken by the client at which the server waits, and time until it gives up, in milliseconds. */
  slow: { bytes: number; ms: number }
  pingMs: number
}

/** Frames sent before other clients have their turn. */
const TURN = 500

/** Sends one client the archive from its place on, and what is added to it, no faster than it takes them. */
export function serve(options: SubscriptionOptions): {
  update(wants: (event: StreamEvent) => boolean): void
} {
  const { socket, wire, archive, encode, faults, random, slow, pingMs } = options
  let { index, wants } = options
  let scheduled = false
  let blockedSince: number | undefined

  const send = (text: string): void => socket.send(encode(text))
  const sendOne = (): void => {
    const entry = archive.entries[index]
    if (entry !== undefined && wants(entry.event)) sendEntry(entry.frame(wire))
    index += 1
  }
  const sendEntry = (text: string | undefined): void => {
    if (text === undefined) return
    if (random.chance(faults.malformed)) send(malformedFrame(random, faults.hugeFrame))
    send(text)
    if (random.chance(faults.duplicate)) repeatEarlier()
    if (random.chance(faults.drop)) socket.terminate()
  }
  /** Sends the last few again, in order, as a server that resumes a little too early does. */
  const repeatEarlier = (): void => {
    for (const { event, frame } of archive.entries.slice(Math.max(0, index - 5), index).map((entry) => ({
      event: entry.event,
      frame: entry.frame(wire),
    }))) {
      if (frame !== undefined && wants(event)) send(frame)
    }
  }

  const pump = (): void => {
    scheduled = false
    if (socket.readyState !== socket.OPEN || faults.silent) return
    for (let sent = 0; sent < TURN && index < archive.entries.length; sent++) {
      if (socket.bufferedAmount > slow.bytes || socket.readyState !== socket.OPEN) break
      sendOne()
    }
    if (socket.bufferedAmount > slow.bytes) {
      blockedSince ??= performance.now()
      if (performance.now() - blockedSince > slow.ms) {
        if (wire === 'v2') socket.send(errorV2('ConsumerTooSlow', 'the client reads too slowly'))
        socket.close(1008)
        return
      }
      schedule(5)
      return
    }
    blockedSince = undefined
    if (index < archive.entries.length) schedule(0)
  }
  const schedule = (ms: number): void => {
    if (scheduled) return
    scheduled = true
    if (ms === 0) setImmediate(pump)
    else setTimeout(pump, ms)
  }

  const stopListening = archive.onAdded(() => schedule(0))
  const pings = setInterval(() => {
    if (!faults.silent && socket.readyState === socket.OPEN) socket.ping()
  }, pingMs)
  socket.on('close', () => {
    stopListening()
    clearInterval(pings)
  })
  schedule(0)
  return {
    update: (changed) => {
      wants = changed
    },
  }
}
