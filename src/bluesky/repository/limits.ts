/** What a repository may cost us before we give it up. Everything about it is a stranger's choice. */
export type RepositoryLimits = {
  /** Longest time from the question to the last byte, in milliseconds. */
  totalMs: number
  /** Fewest bytes a second that are worth waiting for, as they come over the wire... */
  minBytesPerSecond: number
  /** ...looked at once in so many milliseconds. */
  rateWindowMs: number
  /** Most bytes as they come over the wire, compressed or not. */
  maxWireBytes: number
  /** Most bytes of the CAR file, inflated. */
  maxBytes: number
  maxBlocks: number
  /** Longest block; the largest records of the network have a megabyte. */
  maxBlockBytes: number
  /** Longest node of the tree. */
  maxNodeBytes: number
  /** Most memory for what came before it could be used, in bytes as `tree.ts` reckons them. */
  maxHeldBytes: number
  /** Most levels of the tree. */
  maxDepth: number
  /** Most records, of whatever collection. */
  maxRecords: number
  /** Most bytes of the names of those records that were asked about. */
  maxPathBytes: number
}

const MIB = 2 ** 20

/**
 * For a look at what a repository holds. The heaviest accounts have some hundred thousand records in some hundred
 * megabytes; a million records fit, in any order of blocks. A key's level is half the leading zeros of its hash, so no tree
 * is deeper than 128.
 */
export const SNAPSHOT_LIMITS: RepositoryLimits = {
  totalMs: 300_000,
  minBytesPerSecond: 16 * 1024,
  rateWindowMs: 10_000,
  maxWireBytes: 256 * MIB,
  maxBytes: 512 * MIB,
  maxBlocks: 4_000_000,
  maxBlockBytes: 2 * MIB,
  maxNodeBytes: MIB / 2,
  maxHeldBytes: 256 * MIB,
  maxDepth: 129,
  maxRecords: 2_000_000,
  maxPathBytes: 32 * MIB,
}
