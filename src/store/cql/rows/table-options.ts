// How servers keep the large tables on their disks. None of it is left to a cluster's defaults: a compaction by windows of time
// would go by our write times, which are epochs and numbers of batches, and would never drop or join anything.

/** ScyllaDB that keeps one copy of each row has nothing to repair, and refuses to wait for it. */
export type ServerKind = 'cassandra' | 'scylla' | 'scylla-single'

/** A statement that servers do not understand alike. */
export type PerServer = Readonly<Record<ServerKind, string>>

type Kept = {
  /** Rewritten rows are found in few files, and deletions meet what they delete; appended ones are moved seldom. */
  as: 'rewritten' | 'appended'
  /**
   * On ScyllaDB: whether a deletion stays until a repair has brought it to every copy, or for `gc_grace_seconds`. The first
   * where nothing may ever come back, the second where deletions would pile up between two repairs.
   */
  deletions: 'repair' | 'timeout'
  /** Not read twice soon: in ScyllaDB's memory their rows would be in the way of those that are. */
  cached: boolean
  /** Two thirds of the disk; 16 KB are some hundred events, which resemble each other. */
  zstd: boolean
}

const PERSON: Kept = { as: 'rewritten', deletions: 'repair', cached: true, zstd: false }
const WORK: Kept = { as: 'rewritten', deletions: 'timeout', cached: true, zstd: false }
const EVENTS: Kept = { as: 'appended', deletions: 'repair', cached: false, zstd: true }

const TABLES: Readonly<Record<string, Kept>> = {
  characters: PERSON,
  characters_experience: PERSON,
  records: PERSON,
  grants: PERSON,
  handles: PERSON,
  mentions: PERSON,
  event_days: PERSON,
  events: EVENTS,
  events_by_type: EVENTS,
  journal: { ...EVENTS, deletions: 'timeout', zstd: false },
  standings: WORK,
  board: WORK,
  open_questions: WORK,
  inbox: WORK,
}

/**
 * One statement for each table. Cassandra's unified strategy and ScyllaDB's incremental one need free space for some files at
 * a time, and not for a whole table.
 */
export function tableOptions(): PerServer[] {
  return optionsOf(TABLES)
}

/** The same for the tables of boards by period, which came later. */
export function periodOptions(): PerServer[] {
  return optionsOf({ period_boards: WORK, period_places: WORK })
}

/** The same for the table of days, which came later. */
export function dayOptions(): PerServer[] {
  return optionsOf({ days: PERSON })
}

function optionsOf(tables: Readonly<Record<string, Kept>>): PerServer[] {
  return Object.entries(tables).map(([table, kept]) => ({
    cassandra: `ALTER TABLE ${table} WITH ${onCassandra(kept).join(' AND ')}`,
    scylla: `ALTER TABLE ${table} WITH ${onScylla(kept).join(' AND ')}`,
    'scylla-single': `ALTER TABLE ${table} WITH ${onScylla({ ...kept, deletions: 'timeout' }).join(' AND ')}`,
  }))
}

function onCassandra({ as, cached, zstd }: Kept): string[] {
  const scaling = as === 'appended' ? 'T4' : 'L4'
  return [
    `compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': '${scaling}'}`,
    ...(cached ? [] : ["caching = {'keys': 'ALL', 'rows_per_partition': 'NONE'}"]),
    ...(zstd ? ["compression = {'class': 'ZstdCompressor', 'chunk_length_in_kb': 16}"] : []),
  ]
}

function onScylla({ deletions, cached, zstd }: Kept): string[] {
  return [
    "compaction = {'class': 'IncrementalCompactionStrategy'}",
    `tombstone_gc = {'mode': '${deletions}'}`,
    ...(cached ? [] : ["caching = {'enabled': 'false'}"]),
    ...(zstd ? ["compression = {'sstable_compression': 'ZstdCompressor', 'chunk_length_in_kb': 16}"] : []),
  ]
}
