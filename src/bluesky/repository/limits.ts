/** The most that reading one repository may cost; its content is a stranger's choice. */
export type RepositoryLimits = {
  /** Time limit for the whole answer, in milliseconds. */
  totalMs: number
  /** Minimum rate over the network, in bytes a second... */
  minBytesPerSecond: number
  /** ...measured over this many milliseconds. */
  rateWindowMs: number
  /** Bytes over the network, compressed or not. */
  maxWireBytes: number
  /** Bytes of the inflated CAR file. */
  maxBytes: number
  maxBlocks: number
  /** Size of a block; the largest records of the network have a megabyte. */
  maxBlockBytes: number
  /** Size of a node of the tree. */
  maxNodeBytes: number
  /** Memory for nodes that arrive before their parents, in bytes as `tree.ts` counts them. */
  maxCachedBytes: number
  /** Levels of the tree. */
  maxDepth: number
  /** Records of all collections. */
  maxRecords: number
  /** Bytes of the paths of all records in the requested collections. */
  maxPathBytes: number
  /** Memory for what the records say, in bytes as `record-blocks.ts` counts them. */
  maxRecordBytes: number
}

const MIB = 2 ** 20

/**
 * Limits for reading the records of a repository. The largest accounts have some hundred thousand records in some hundred
 * megabytes; a million records fit, in any order of blocks. The level of a key is half the number of leading zeros of its
 * hash, so no tree is deeper than 128.
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
  maxCachedBytes: 256 * MIB,
  maxDepth: 129,
  maxRecords: 2_000_000,
  maxPathBytes: 32 * MIB,
  maxRecordBytes: 256 * MIB,
}
