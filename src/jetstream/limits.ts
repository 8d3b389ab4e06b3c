/** What one connection may take up, and how long it may wait. */
export type Limits = {
  /** Events in one delivery, at most. Default 10,000. */
  maxEvents: number
  /** How long a delivery waits for more after its first event came, in milliseconds. Default 100. */
  batchWindowMs: number
  /** Milliseconds without frame or ping after which a connection is given up; hosts ping every 30 s. Default 75,000. */
  silenceMs: number
  /** Bytes of text that may wait to be taken before the socket is paused. Default 8 MiB. */
  highWaterBytes: number
  /** Bytes of the largest frame that is taken, before and after decompression. Default 8 MiB. */
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
