// The tables of a keyspace, as the changes that made them.
import { dayOptions, type PerServer, periodOptions, tableOptions } from './table-options.ts'

/** Longer than other nodes keep what one that is away has missed (three hours). */
const GC_GRACE_SECONDS = 6 * 3_600

/** Each brings a keyspace from the version that is its index to the next; they are never edited, only added to. */
export const MIGRATIONS: readonly (readonly (string | PerServer)[])[] = [
  [
    `CREATE TYPE IF NOT EXISTS leveling (
       level int, experience bigint, experience_to_next_level bigint, levels_gained int, progress_percentage int)`,
    // Of one person and collection: live records; numbers of the newest and the oldest event; the greatest TID among the keys.
    'CREATE TYPE IF NOT EXISTS kind (live bigint, last_seq bigint, first_seq bigint, greatest text)',
    `CREATE TABLE IF NOT EXISTS characters (
       did text PRIMARY KEY, leveling frozen<leveling>, experience bigint, last_delta bigint, updated_at timestamp,
       period_day int, week_experience bigint, month_experience bigint,
       standing int, status_time bigint, rev text, floor text, capped text,
       kinds frozen<map<text, frozen<kind>>>, records bigint, last_seq bigint, first_seq bigint,
       handle text, display_name text, avatar text, asked bigint, version bigint)`,
    'CREATE TABLE IF NOT EXISTS characters_experience (did text PRIMARY KEY, experience counter)',
    `CREATE TABLE IF NOT EXISTS records (
       did text, bucket int, collection text, rkey text,
       rev text, live boolean, xp bigint, readable boolean, media text, subject text, at bigint, capped boolean,
       PRIMARY KEY ((did, bucket), collection, rkey))`,
    `CREATE TABLE IF NOT EXISTS events (
       did text, bucket bigint, seq bigint,
       event_at timestamp, type text, rkey text, cause text, reason text, delta bigint, leveling frozen<leveling>,
       type_seq bigint,
       PRIMARY KEY ((did, bucket), seq)) WITH CLUSTERING ORDER BY (seq DESC)`,
    `CREATE TABLE IF NOT EXISTS events_by_type (
       did text, type text, bucket bigint, seq bigint,
       event_at timestamp, rkey text, cause text, reason text, delta bigint, leveling frozen<leveling>,
       PRIMARY KEY ((did, type, bucket), seq)) WITH CLUSTERING ORDER BY (seq DESC)`,
    // Who had events on a day, so that old ones are found without looking at everybody.
    'CREATE TABLE IF NOT EXISTS event_days (shard int, day int, did text, PRIMARY KEY ((shard, day), did))',
    // Whose records name a person.
    `CREATE TABLE IF NOT EXISTS mentions (
       subject text, bucket int, did text, collection text, rkey text,
       PRIMARY KEY ((subject, bucket), did, collection, rkey))`,
    'CREATE TABLE IF NOT EXISTS handles (handle text PRIMARY KEY, did text)',
    // Leases and cursors, changed only on condition; see leases.ts.
    `CREATE TABLE IF NOT EXISTS shards (
       shard int PRIMARY KEY, owner text, epoch bigint, until bigint, seq bigint, chunks int,
       host text, wire text, value bigint, at bigint)`,
    'CREATE TABLE IF NOT EXISTS workers (worker text PRIMARY KEY, wants int)',
    `CREATE TABLE IF NOT EXISTS journal (
       shard int, seq bigint, chunk int, data blob, PRIMARY KEY (shard, seq, chunk))
       WITH CLUSTERING ORDER BY (seq DESC, chunk ASC)`,
    // As of batch `seq`, which brought the stream to that place: what is written out, while `shards` tells what counts.
    `CREATE TABLE IF NOT EXISTS books (
       shard int PRIMARY KEY, seq bigint, host text, wire text, value bigint, at bigint, characters bigint, records bigint, events bigint, experience bigint,
       next_question bigint, oldest_day int, board_above bigint, waiting frozen<map<text, bigint>>, oldest frozen<map<text, bigint>>)`,
    'CREATE TABLE IF NOT EXISTS standings (shard int, experience bigint, characters bigint, PRIMARY KEY (shard, experience))',
    'CREATE TABLE IF NOT EXISTS board (shard int, did text, experience bigint, PRIMARY KEY (shard, did))',
    `CREATE TABLE IF NOT EXISTS questions (
       shard int, kind text, id bigint, did text, collection text, rkey text, rev text, subject text,
       PRIMARY KEY ((shard, kind), id))`,
    'CREATE TABLE IF NOT EXISTS inbox (shard int, id text, kind text, did text, at bigint, note text, PRIMARY KEY (shard, id))',
    `CREATE TABLE IF NOT EXISTS gaps (
       part int, at bigint, host text, began bigint, ended bigint, reason text, PRIMARY KEY (part, at, host, began))
       WITH CLUSTERING ORDER BY (at DESC, host ASC, began ASC)`,
    'CREATE TABLE IF NOT EXISTS pulses (part int, shard int, at bigint, lag bigint, host text, PRIMARY KEY (part, shard))',
    `CREATE TABLE IF NOT EXISTS samples (
       part int, worker text, at bigint, events bigint, network_bytes bigint, PRIMARY KEY (part, worker, at))`,
  ],
  ['ALTER TABLE characters ADD purged_time bigint'],
  [
    // In place of `questions`, which owners empty into it: due is 0 before a question was asked at all, then the second
    // from which on it is asked again.
    `CREATE TABLE IF NOT EXISTS open_questions (
       shard int, kind text, due bigint, id bigint, did text, collection text, rkey text, rev text, subject text, tries int,
       PRIMARY KEY ((shard, kind), due, id))`,
    // Of each kind of question about a person, the one that is open.
    'ALTER TABLE characters ADD open_questions text',
  ],
  // By which rules a shard is awarded, so that no worker of others takes it.
  ['ALTER TABLE shards ADD rules text'],
  // What is deleted, or expires, in great numbers from partitions that are read all the time. What could come back of it, from
  // a node that was away for longer, is asked, wished or noted once more at worst.
  ['inbox', 'questions', 'open_questions', 'samples', 'workers'].map(
    (table) => `ALTER TABLE ${table} WITH gc_grace_seconds = ${GC_GRACE_SECONDS}`,
  ),
  // XP that caps have granted to the records first witnessed on a day, by collection; none while there are no caps.
  [
    'CREATE TABLE IF NOT EXISTS grants (did text, day int, granted frozen<map<text, bigint>>, PRIMARY KEY (did, day))',
  ],
  [
    // The revision of the person's own profile record; when the stream last said who they are, and by which handle.
    'ALTER TABLE characters ADD profile_rev text',
    'ALTER TABLE characters ADD named_at bigint',
    'ALTER TABLE characters ADD stream_handle text',
    // How many are not shown because nobody has said yet whether they want to be.
    'ALTER TABLE books ADD introductions bigint',
    // How many of the questions that are open were asked before.
    'ALTER TABLE books ADD postponed frozen<map<text, bigint>>',
  ],
  tableOptions(),
  // Where the owner's next look at the inbox begins, past what was taken out.
  ['ALTER TABLE books ADD inbox_from text'],
  // `standing` has two more bits: who hides and who has left, see visibility.ts. No table changes, but an older program
  // would show these people again, so it must refuse the keyspace.
  [],
  [
    // Who is signed in: `id` is the hash of the token that a browser has. Rows expire with what they hold.
    'CREATE TABLE IF NOT EXISTS sessions (did text, id text, until bigint, PRIMARY KEY (did, id))',
    'CREATE TABLE IF NOT EXISTS pending_sign_ins (id text PRIMARY KEY, content text, until bigint)',
  ],
  // Each shard's part of the boards of weeks and months, which are counted as in game/periods.ts.
  [
    'CREATE TABLE IF NOT EXISTS period_boards (shard int, kind text, period int, above bigint, PRIMARY KEY (shard, kind, period))',
    `CREATE TABLE IF NOT EXISTS period_places (
       shard int, kind text, period int, did text, earned bigint, PRIMARY KEY (shard, kind, period, did))`,
    ...periodOptions(),
  ],
  // The fact of a record that only its rule needs; none is written where there is none.
  ['ALTER TABLE records ADD own text'],
  // Whom visitors have looked at; the inbox is for wishes that must not be lost.
  // Nothing is ever deleted here: rows expire, so no deletion has to outlast a server that was away.
  [
    `CREATE TABLE IF NOT EXISTS looks (minute int, did text, at bigint, PRIMARY KEY (minute, did))
       WITH default_time_to_live = 660 AND gc_grace_seconds = 0`,
  ],
  [
    // What a person's live records brought by day, by reason: the running day and the counts of all before it in the person's
    // own row, each earlier day that has something in a row here. A ledger from before this has to be recomputed.
    `CREATE TABLE IF NOT EXISTS days (
       did text, day int, experience bigint, claimed bigint, counts frozen<map<text, bigint>>, PRIMARY KEY (did, day))`,
    ...dayOptions(),
    'ALTER TABLE characters ADD running_day int',
    'ALTER TABLE characters ADD running_experience bigint',
    'ALTER TABLE characters ADD running_claimed bigint',
    'ALTER TABLE characters ADD running_counts frozen<map<text, bigint>>',
    'ALTER TABLE characters ADD earlier_counts frozen<map<text, bigint>>',
    // The day by which a record counts that a fetched repository brought; not written for others.
    'ALTER TABLE records ADD claimed int',
    // The latest of the running days of the shard's people, and what it brought.
    'ALTER TABLE books ADD day int',
    'ALTER TABLE books ADD day_counts frozen<map<text, bigint>>',
  ],
  // Of the month of `running_day`: live posts of which all media are described.
  ['ALTER TABLE characters ADD described bigint'],
  // The revision of the repository that was imported last: writes up to it change nothing.
  ['ALTER TABLE characters ADD head text'],
  [
    // By which version of the rules a person was last awarded, and an entry: null for those of the first.
    'ALTER TABLE characters ADD rules int',
    'ALTER TABLE events ADD rules int',
    'ALTER TABLE events_by_type ADD rules int',
    // The version that awards everybody in the shard but those who have been moved to the next one; how far that move is: the
    // last person who was visited, somebody with whose records it has to go on (JSON), and about how many have been visited.
    'ALTER TABLE books ADD settled int',
    'ALTER TABLE books ADD moved_to text',
    'ALTER TABLE books ADD move_part text',
    'ALTER TABLE books ADD moved bigint',
  ],
  // How far the shard's people are compared with their repositories after a gap: see Reconciliation in reconciliation.ts, as JSON.
  ['ALTER TABLE books ADD reconciliation text'],
]
