// The ledger in one SQLite file. Tables that grow with every event grow at their right edge: records because their keys
// are mostly TIDs, events because they are appended. Only actor rows are written at random, one per person and batch.

/** Each migrates a file from the version that is its index to the next. Only add migrations, never edit one. */
export const MIGRATIONS: readonly string[] = [
  `
  -- Text that recurs in every row, once: collections, and what ledger entries say (collection, cause, reason).
  CREATE TABLE collections (id INTEGER PRIMARY KEY, nsid TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE entries (
    id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, cause TEXT NOT NULL, reason TEXT NOT NULL,
    UNIQUE (collection, cause, reason)
  ) STRICT;

  -- Everyone who acted or was named. standing = 1 is a character that everybody may see; see visibility.ts for the bits.
  -- kinds: by collection, how many records are live, and where its chains of events and records begin.
  CREATE TABLE actors (
    id INTEGER PRIMARY KEY,
    did TEXT NOT NULL UNIQUE,
    standing INTEGER NOT NULL,
    experience INTEGER NOT NULL,
    last_delta INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,   -- milliseconds
    rev INTEGER, floor INTEGER,    -- TIDs as integers
    status_time INTEGER NOT NULL,  -- microseconds
    kinds TEXT NOT NULL,
    capped TEXT,
    pruned_xp INTEGER NOT NULL     -- sum of the deltas of events that are no longer kept
  ) STRICT;
  CREATE INDEX board ON actors (experience DESC) WHERE standing = 1;

  -- rkey, prev, subject_rkey: a TID as an integer, any other key as text. prev is the key of the record that this
  -- actor made before in this collection, so that all of a person's records can be found. Where rkey is an integer,
  -- rev and prev are distances from it (see tid.ts), which are short.
  -- subject: actor, and the key of a post (integer) or collection/rkey (text).
  CREATE TABLE records (
    rkey ANY NOT NULL, actor INTEGER NOT NULL, collection INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    at INTEGER NOT NULL,           -- seconds
    xp INTEGER NOT NULL,
    state INTEGER NOT NULL,        -- see record-row.ts
    prev ANY,
    subject_actor INTEGER, subject_rkey ANY,
    PRIMARY KEY (rkey, actor, collection)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX records_by_subject ON records (subject_actor) WHERE subject_actor IS NOT NULL;

  -- back: how many ids ago this actor's previous event of the same collection is; 0 for the first.
  CREATE TABLE events (
    id INTEGER PRIMARY KEY, actor INTEGER NOT NULL, back INTEGER NOT NULL,
    at INTEGER NOT NULL,           -- milliseconds
    entry INTEGER NOT NULL, rkey ANY NOT NULL, delta INTEGER NOT NULL, experience INTEGER NOT NULL
  ) STRICT;

  -- How many shown characters hold how much XP: ranks are sums over this.
  CREATE TABLE standings (experience INTEGER PRIMARY KEY, characters INTEGER NOT NULL) STRICT;

  CREATE TABLE profiles (
    actor INTEGER PRIMARY KEY, handle TEXT, display_name TEXT, avatar TEXT,
    asked INTEGER NOT NULL         -- microseconds
  ) STRICT;
  CREATE INDEX profiles_by_handle ON profiles (handle) WHERE handle IS NOT NULL;

  CREATE TABLE questions (
    kind INTEGER NOT NULL,         -- see questions.ts
    id INTEGER NOT NULL, actor INTEGER NOT NULL, collection INTEGER, rkey ANY, rev INTEGER,
    PRIMARY KEY (kind, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, did TEXT NOT NULL, at INTEGER NOT NULL
  ) STRICT;

  -- Single rows: where the stream is, who ingests, how much there is.
  CREATE TABLE cursor (
    id INTEGER PRIMARY KEY CHECK (id = 1), host TEXT NOT NULL, wire TEXT NOT NULL,
    value INTEGER NOT NULL, at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE pulse (
    id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL, lag INTEGER NOT NULL, host TEXT
  ) STRICT;
  CREATE TABLE totals (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    characters INTEGER NOT NULL, records INTEGER NOT NULL, events INTEGER NOT NULL, experience INTEGER NOT NULL,
    next_actor INTEGER NOT NULL, next_event INTEGER NOT NULL, oldest_event INTEGER NOT NULL, next_question INTEGER NOT NULL
  ) STRICT;
  INSERT INTO totals VALUES (1, 0, 0, 0, 0, 1, 1, 1, 1);

  CREATE TABLE gaps (
    id INTEGER PRIMARY KEY, host TEXT NOT NULL, began INTEGER NOT NULL, ended INTEGER, reason TEXT NOT NULL, at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE samples (
    at INTEGER PRIMARY KEY, events INTEGER NOT NULL, disk_bytes INTEGER NOT NULL, network_bytes INTEGER NOT NULL
  ) STRICT;
  -- Which rules awarded events from which id on; the newest is in force.
  CREATE TABLE rulebooks (
    version INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, first_event INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- What was earned in the ISO week and the month (UTC) of period_day, the last day (since the epoch) on which anything was.
  ALTER TABLE actors ADD COLUMN period_day INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE actors ADD COLUMN week_xp INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE actors ADD COLUMN month_xp INTEGER NOT NULL DEFAULT 0;
  WITH earned AS (
    SELECT actor, at / 86400 AS day, xp FROM records
      WHERE xp <> 0 AND collection NOT IN (SELECT id FROM collections WHERE nsid = 'app.bskyrpg.baseline')
  ), latest AS (SELECT actor, max(day) AS day FROM earned GROUP BY actor),
  sums AS (
    SELECT actor, latest.day,
      coalesce(sum(xp) FILTER (WHERE (earned.day + 3) / 7 = (latest.day + 3) / 7), 0) AS week,
      coalesce(sum(xp) FILTER (WHERE strftime('%Y%m', earned.day * 86400, 'unixepoch')
        = strftime('%Y%m', latest.day * 86400, 'unixepoch')), 0) AS month
    FROM earned JOIN latest USING (actor) GROUP BY actor
  )
  UPDATE actors SET period_day = sums.day, week_xp = sums.week, month_xp = sums.month
    FROM sums WHERE sums.actor = actors.id;
  `,
  `
  -- Seconds after the time that an integer key tells, mostly none; with any other key, since the epoch.
  ALTER TABLE records RENAME COLUMN at TO after;
  UPDATE records SET after = after - (rkey >> 10) / 1000000 WHERE typeof(rkey) = 'integer';
  `,
  `
  -- The account's own time of its latest deletion, in microseconds. 2 is the status deleted; see visibility.ts.
  ALTER TABLE actors ADD COLUMN purged_time INTEGER;
  UPDATE actors SET purged_time = status_time WHERE standing / 8 = 2;
  `,
  `
  -- due: seconds since the epoch before which it is not asked again, 0 before it was asked at all; tries: how often it was.
  -- About one person at most one question of each kind but the first is open.
  ALTER TABLE questions RENAME TO former_questions;
  CREATE TABLE questions (
    kind INTEGER NOT NULL,         -- see questions.ts
    due INTEGER NOT NULL, id INTEGER NOT NULL, actor INTEGER NOT NULL, tries INTEGER NOT NULL,
    collection INTEGER, rkey ANY, rev INTEGER,
    PRIMARY KEY (kind, due, id)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO questions SELECT kind, 0, id, actor, 0, collection, rkey, rev FROM former_questions
    WHERE kind = 0 OR id IN (SELECT max(id) FROM former_questions GROUP BY kind, actor);
  DROP TABLE former_questions;
  CREATE INDEX questions_by_actor ON questions (actor, kind);
  -- How many are open of each kind.
  CREATE TABLE waiting (kind INTEGER PRIMARY KEY, questions INTEGER NOT NULL) STRICT;
  INSERT INTO waiting SELECT kind, count(*) FROM questions GROUP BY kind;
  `,
  `
  -- Times that a frame from the year 9999 left behind: more than a number holds could not be read again, and a status
  -- from a time to come could not be replaced.
  UPDATE cursor SET at = min(at, 9007199254740991), value = min(value, 9007199254740991);
  UPDATE gaps SET began = min(began, 9007199254740991), ended = min(ended, 9007199254740991);
  UPDATE actors SET status_time = coalesce((SELECT at FROM pulse), 0)
    WHERE status_time > coalesce((SELECT at FROM pulse) + 86400000000, 9007199254740991);
  UPDATE actors SET purged_time = min(purged_time, status_time) WHERE purged_time IS NOT NULL;
  -- They counted the log as data.
  DELETE FROM samples;
  `,
  `
  -- Who is on the board: the foremost only, for an index over everybody was two random pages written for each event.
  -- board_above: every shown character with more is on it; -1 where all are. See top.ts.
  CREATE TABLE foremost (actor INTEGER PRIMARY KEY, experience INTEGER NOT NULL) STRICT;
  INSERT INTO foremost SELECT id, experience FROM actors WHERE standing = 1 ORDER BY experience DESC LIMIT 1000;
  ALTER TABLE totals ADD COLUMN board_above INTEGER NOT NULL DEFAULT -1;
  UPDATE totals SET board_above = (SELECT min(experience) FROM foremost)
    WHERE (SELECT count(*) FROM foremost) = 1000;
  DROP INDEX board;
  `,
  `
  -- XP that caps have granted to the records first witnessed on a day (since the epoch); none while there are no caps.
  CREATE TABLE grants (
    actor INTEGER NOT NULL, day INTEGER NOT NULL, collection INTEGER NOT NULL, xp INTEGER NOT NULL,
    PRIMARY KEY (actor, day, collection)
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE actors DROP COLUMN capped;
  `,
  `
  -- What the ledger was last written with, as JSON: see Followed in game/followed.ts.
  CREATE TABLE followed (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL) STRICT;
  `,
  `
  -- profile_rev: of the person's own profile record; named_at (microseconds) and handle: what the stream last called them.
  ALTER TABLE actors ADD COLUMN profile_rev INTEGER;
  ALTER TABLE actors ADD COLUMN named_at INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE actors ADD COLUMN handle TEXT;
  -- Nobody has said yet whether those without a profile want to be shown: 64 in standing, see visibility.ts.
  UPDATE actors SET standing = standing | 64 WHERE id NOT IN (SELECT actor FROM profiles);
  DELETE FROM standings;
  INSERT INTO standings SELECT experience, count(*) FROM actors WHERE standing = 1 GROUP BY experience;
  ALTER TABLE totals ADD COLUMN introductions INTEGER NOT NULL DEFAULT 0;
  UPDATE totals SET characters = (SELECT count(*) FROM actors WHERE standing = 1),
    introductions = (SELECT count(*) FROM actors WHERE standing = 65);
  -- How many of those that are open were asked before.
  ALTER TABLE waiting ADD COLUMN postponed INTEGER NOT NULL DEFAULT 0;
  UPDATE waiting SET postponed = (SELECT count(*) FROM questions WHERE kind = waiting.kind AND due > 0);
  DELETE FROM foremost;
  INSERT INTO foremost SELECT id, experience FROM actors WHERE standing = 1 ORDER BY experience DESC LIMIT 1000;
  UPDATE totals SET board_above =
    iif((SELECT count(*) FROM foremost) = 1000, (SELECT min(experience) FROM foremost), -1);
  `,
  `
  -- standing has two more bits, 256 and 512: who hides and who has left, see visibility.ts. No row changes, but an older
  -- program would show these people again, so it must refuse the file.
  `,
  `
  -- Boards by period, which is counted as in game/periods.ts; above as board_above, of this board. The writer fills them.
  CREATE TABLE boards (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, period INTEGER NOT NULL, above INTEGER NOT NULL, UNIQUE (kind, period)
  ) STRICT;
  -- Who is on boards of running periods: bits, see period-rows.ts. What they have is in their own rows.
  CREATE TABLE running (actor INTEGER PRIMARY KEY, boards INTEGER NOT NULL) STRICT;
  -- Who is on boards of finished periods, and what they have there.
  CREATE TABLE places (
    board INTEGER NOT NULL, actor INTEGER NOT NULL, earned INTEGER NOT NULL, PRIMARY KEY (board, actor)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Of the records whose state says so (32, see record-row.ts), the fact that only their rule needs.
  CREATE TABLE own_facts (
    rkey ANY NOT NULL, actor INTEGER NOT NULL, collection INTEGER NOT NULL, own TEXT NOT NULL,
    PRIMARY KEY (rkey, actor, collection)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What a person's live records brought by day: the running day and the counts of all before it in the person's row, each
  -- earlier day (since the epoch) that has something in a row of its own. counts: see counts.ts. A ledger from before this has
  -- to be recomputed, which fills them.
  CREATE TABLE reasons (id INTEGER PRIMARY KEY, reason TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE days (
    actor INTEGER NOT NULL, day INTEGER NOT NULL, experience INTEGER NOT NULL, claimed INTEGER NOT NULL, counts TEXT NOT NULL,
    PRIMARY KEY (actor, day)
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE actors ADD COLUMN running_day INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE actors ADD COLUMN running_xp INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE actors ADD COLUMN running_claimed INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE actors ADD COLUMN running_counts TEXT NOT NULL DEFAULT '';
  ALTER TABLE actors ADD COLUMN earlier_counts TEXT NOT NULL DEFAULT '';
  -- The same of everybody whose running day is the latest of all.
  ALTER TABLE totals ADD COLUMN day INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE totals ADD COLUMN day_counts TEXT NOT NULL DEFAULT '';
  `,
  `
  -- Of the month of running_day: live posts of which all media are described. With the days, recompute fills it and all boards.
  ALTER TABLE actors ADD COLUMN described INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- The revision of the repository that was imported last, a TID as an integer: writes up to it change nothing.
  ALTER TABLE actors ADD COLUMN head INTEGER;
  `,
  `
  -- The rules of a version: their XP and caps are in the fingerprint, titles here as JSON; at: since when, in microseconds.
  -- Of a version to which people are moved one by one, in the order of their ids: people from first_actor on began with it,
  -- part says where to go on with the records of the last one in moves, ended_event is the first entry after the move.
  ALTER TABLE rulebooks ADD COLUMN titles TEXT;
  ALTER TABLE rulebooks ADD COLUMN at INTEGER;
  ALTER TABLE rulebooks ADD COLUMN first_actor INTEGER;
  ALTER TABLE rulebooks ADD COLUMN part TEXT;
  ALTER TABLE rulebooks ADD COLUMN ended_event INTEGER;
  -- Entries of people up to up_to, from those of the step before on, are of that version from first_event on.
  CREATE TABLE moves (
    version INTEGER NOT NULL, up_to INTEGER NOT NULL, first_event INTEGER NOT NULL, PRIMARY KEY (version, up_to)
  ) STRICT, WITHOUT ROWID;
  -- Rules that another process has left for the writer.
  CREATE TABLE wanted_rules (id INTEGER PRIMARY KEY CHECK (id = 1), fingerprint TEXT NOT NULL, titles TEXT) STRICT;
  `,
  `
  -- How far everybody is compared with their repositories after a gap: see Reconciliation in reconciliation.ts, as JSON. People
  -- from id up_to on came after the gap.
  CREATE TABLE reconciliation (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL, up_to INTEGER NOT NULL) STRICT;
  `,
]
