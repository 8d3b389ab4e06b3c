/** Bounds on the memory and the waits of one connection. */
export type Limits = {
  /** Maximum number of events in one delivery. Default 10,000. */
  maxEvents: number
  /** Milliseconds that a delivery waits for more events after its first. Default 100. */
  batchWindowMs: number
  /** Milliseconds without a frame or ping after which we close a connection; hosts ping every 30 s. Default 75,000. */
  silenceMs: number
  /** Bytes of queued text at which the socket is paused, until less than half is left. Default 8 MiB. */
  highWaterBytes: number
  /** Maximum size of a frame in bytes, before and after decompression. Default 8 MiB. */
  maxFrameBytes: number
}

const MIB = 1024 * 1024

/** Fills in the defaults. */
export function limitsOf(options: Partial<Limits>): Limits {
  return {
    maxEvents: options.maxEvents ?? 10_000,
    batchWindowMs: options.batchWindowMs ?? 100,
    silenceMs: options.silenceMs ?? 75_000,
    highWaterBytes: options.highWaterBytes ?? 8 * MIB,
    maxFrameBytes: options.maxFrameBytes ?? 8 * MIB,
  }
}
