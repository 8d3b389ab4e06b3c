import type { LoadOptions } from './load.ts'

/** The load of the soak: as many events as the whole network sends, and as many clients as the program lets in. */
export function fullLoad({ minutes, seed }: { minutes: number; seed: number }): Omit<LoadOptions, 'say'> {
  return {
    seed,
    rate: 1_000,
    network: { restless: 2_000, steady: 3_000, quiet: 60, quietRecords: 2_000 },
    crowd: { streams: 1_000, pages: 5, comeMs: 15_000, stayMs: 15_000, readMs: 20_000, stallMs: 90_000 },
    visitors: { rate: 40, exportEveryMs: 4_000, importEveryMs: 20_000 },
    outages: { seconds: minutes * 60, every: 60, length: 8 },
    sampleEveryMs: 10_000,
  }
}
