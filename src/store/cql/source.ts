import { isReached } from '../../atproto/event.ts'
import type { RecordId } from '../../atproto/uri.ts'
import type { QuestionKind } from '../../game/question.ts'
import type { LedgerEvent, RecordState } from '../../game/state.ts'
import type { LedgerSource, LedgerState, OpenQuestion, SourcePerson } from '../export/ledger-copy.ts'
import { isStranger } from '../export/stranger.ts'
import type { RulesVersion } from '../rules.ts'
import { StoreError } from '../store.ts'
import type { Row } from './driver/paging.ts'
import type { Session } from './driver/session.ts'
import { numberOf } from './driver/values.ts'
import { storedDays } from './reading/person-sums.ts'
import { gapOf } from './reading/status.ts'
import { allRecordBuckets, eventBucket, eventBuckets } from './rows/buckets.ts'
import { readStoredCharacter, type StoredCharacter } from './rows/character-row.ts'
import { readEvent } from './rows/event-row.ts'
import { heartbeatOf, SELECT_HEARTBEATS } from './rows/heartbeats.ts'
import { readRecord } from './rows/record-row.ts'
import { ranges } from './rows/token-ranges.ts'
import type { CqlWriter } from './writer.ts'
import { People, readGrants } from './writing/people.ts'
import { questionOf } from './writing/questions.ts'

export type CqlSourceOptions = {
  session: Session
  /** Owns all shards, so nobody else writes meanwhile. */
  writer: CqlWriter
  shards: number
  versions: readonly RulesVersion[]
}

/** People read at once, and those of them who are read at the same time. */
const PAGE = 500
const AT_ONCE = 32
/** People with more records or events are read by themselves, page by page. */
const SMALL = 2_000
/** Wishes read at once: notes among them are carried out. */
const WISHES = 100_000
const KINDS: readonly QuestionKind[] = ['subject', 'profile', 'repository']

const CHARACTERS = 'SELECT * FROM characters WHERE token(did) >= ? AND token(did) <= ?'
const RECORDS = 'SELECT * FROM records WHERE did = ? AND bucket = ?'
const GRANTS = 'SELECT day, granted FROM grants WHERE did = ?'
const EVENTS = 'SELECT * FROM events WHERE did = ? AND bucket = ? AND seq >= ? ORDER BY seq ASC'
const OLDEST = 'SELECT delta, leveling FROM events WHERE did = ? AND bucket = ? AND seq = ?'
const GAPS = 'SELECT * FROM gaps WHERE part = 0'
const QUESTIONS =
  'SELECT due, id, did, collection, rkey, rev, subject, tries FROM open_questions WHERE shard = ? AND kind = ?'

export class CqlSource implements LedgerSource {
  readonly state: LedgerState
  readonly #options: CqlSourceOptions
  readonly #lookUps: People

  private constructor(options: CqlSourceOptions, state: LedgerState) {
    this.#options = options
    this.state = state
    this.#lookUps = new People(options.session, {
      owns: () => true,
      isMoved: () => true,
      findDays: () => undefined,
    })
  }

  /** @throws {StoreError} where the ledger has nothing to export yet */
  static async open(options: CqlSourceOptions): Promise<CqlSource> {
    return new CqlSource(options, await readState(options))
  }

  async *people(): AsyncGenerator<SourcePerson> {
    for (const range of ranges()) {
      for await (const rows of this.#options.session.pagesForDecision(CHARACTERS, range, PAGE)) {
        for (let at = 0; at < rows.length; at += AT_ONCE) {
          const some = await Promise.all(rows.slice(at, at + AT_ONCE).map((row) => this.#person(row)))
          for (const person of some) if (person !== undefined) yield person
        }
        this.#assertOwned()
      }
    }
  }

  async *questions(): AsyncGenerator<OpenQuestion> {
    const { session, shards } = this.#options
    for (let shard = 0; shard < shards; shard++) {
      for (const kind of KINDS) {
        for await (const rows of session.pagesForDecision(QUESTIONS, [shard, kind])) {
          for (const row of rows) {
            const question = await questionOf(this.#lookUps, kind, row)
            if (question !== undefined)
              yield { ...question, due: numberOf(row.due), tries: numberOf(row.tries) }
          }
        }
      }
    }
    this.#assertOwned()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.writer[Symbol.asyncDispose]()
  }

  async #person(row: Row): Promise<SourcePerson | undefined> {
    const { session } = this.#options
    const character = readStoredCharacter(row)
    const { state, profile, lastSeq, firstSeq } = character
    if (isStranger(state)) return undefined
    const [granted, days, pruned, records, events] = await Promise.all([
      session.readForDecision(GRANTS, [state.did]),
      storedDays(session, state.did),
      this.#pruned(character),
      character.records > SMALL ? undefined : all(this.#records(character)),
      lastSeq - firstSeq >= SMALL ? undefined : all(this.#events(character)),
    ])
    return {
      actor: state,
      profile,
      pruned,
      granted: readGrants(granted),
      days,
      records: () => records ?? this.#records(character),
      events: () => events ?? this.#events(character),
    }
  }

  /** The XP before the oldest event that is kept. */
  async #pruned({ state, firstSeq, lastSeq }: StoredCharacter): Promise<number> {
    if (lastSeq < firstSeq) return state.experience
    const params = [state.did, eventBucket(firstSeq), firstSeq]
    const [oldest] = await this.#options.session.readForDecision(OLDEST, params)
    const after = numberOf((oldest?.leveling as { experience: unknown } | undefined)?.experience)
    return after - numberOf(oldest?.delta)
  }

  async *#records({ state, records }: StoredCharacter): AsyncGenerator<[RecordId, RecordState]> {
    for (const bucket of allRecordBuckets(records)) {
      for await (const rows of this.#options.session.pagesForDecision(RECORDS, [state.did, bucket])) {
        for (const row of rows) {
          const record = readRecord(row)
          yield [record.id, record.state]
        }
      }
    }
  }

  async *#events(character: StoredCharacter): AsyncGenerator<LedgerEvent> {
    const { session } = this.#options
    for (const bucket of eventBuckets(character)) {
      const params = [character.state.did, bucket, character.firstSeq]
      for await (const rows of session.pagesForDecision(EVENTS, params)) yield* rows.map(readEvent)
    }
  }

  #assertOwned(): void {
    this.#options.writer.assertOwnsAll()
  }
}

async function readState({ session, writer, shards, versions }: CqlSourceOptions): Promise<LedgerState> {
  const cursor = await writer.cursor()
  if (cursor === undefined || !isReached(cursor)) {
    throw new StoreError('the ledger has nothing to export yet: ingest has received no event.')
  }
  const wishes = await writer.wishes(WISHES)
  const followed = await writer.followed()
  if (followed.length > 1) {
    throw new StoreError(
      'the shards follow different people or collections, since an ingest ended while it changed them. Start ingest once, stop it, and export then.',
    )
  }
  const heartbeats = await session.readForDecision(SELECT_HEARTBEATS, [])
  return {
    versions,
    cursor,
    heartbeat: heartbeatOf(heartbeats, shards),
    followed: followed[0],
    gaps: (await session.readForDecision(GAPS, [])).map(gapOf).reverse(),
    // A look is worth little, and comes again.
    wishes: wishes.filter(({ kind }) => kind !== 'look-up').map(({ kind, did, at }) => ({ kind, did, at })),
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}
