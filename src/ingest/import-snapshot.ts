import type { Did, Micros, Nsid, Tid } from '../atproto/event.ts'
import { PROFILE } from '../atproto/profile.ts'
import type { ReadRecord } from '../bluesky/repository/record-list.ts'
import type { Snapshot } from '../bluesky/repository/snapshot.ts'
import type { Brought, Import, ImportedRecord, Operation } from '../game/operation.ts'
import type { QuestionId } from '../game/question.ts'
import { type Changes, type Outcome, pathOf, pathParts } from '../game/state.ts'
import { removeAbsent } from './absent.ts'
import type { Ledger } from './ledger.ts'

/**
 * Records in one turn of the ledger: some ten milliseconds on a file, so the stream waits that long at most. Between two turns
 * whatever else waits for the ledger has its own.
 */
const PIECE = 250

export type ImportSnapshotOptions = {
  ledger: Pick<Ledger, 'use' | 'fold'>
  did: Did
  snapshot: Snapshot
  /**
   * `undefined`: all of the repository comes. Else what was made after it, since earlier records that the ledger lacks are from
   * before this server; it is reconciled, not imported, and its person keeps no `head`.
   */
  since: Tid | undefined
  /** The ledger's question, which is closed at the end; `undefined` where there is none. */
  question: QuestionId | undefined
  followed: ReadonlySet<Nsid>
  clock: () => Micros
  /** Called after each piece with the number of records that are done. */
  progress: (records: number) => void
  signal: AbortSignal
}

/** `refused`: the person does not want to be seen, or is away. `overtaken`: a newer revision has been imported. */
export type Imported = { outcome: 'imported' | 'refused' | 'overtaken'; brought: Brought }

/**
 * Folds a repository that has been read, piece by piece; the ledger is whole after each one. What is cut short begins anew,
 * and finds what it has done.
 * @throws the signal's reason, once it aborts
 */
export async function importSnapshot(options: ImportSnapshotOptions): Promise<Imported> {
  const { ledger, did, question, clock } = options
  const imported = await new Importing(options).run()
  const { outcome, brought } = imported
  const said = outcome === 'imported' ? { ...brought, rev: options.snapshot.rev } : undefined
  await ledger.fold([{ kind: 'import-end', question, did, at: clock(), brought: said }], undefined)
  return imported
}

class Importing {
  readonly #options: ImportSnapshotOptions
  readonly #brought = { records: 0, experience: 0 }
  #outcome: Imported['outcome'] = 'imported'

  constructor(options: ImportSnapshotOptions) {
    this.#options = options
  }

  async run(): Promise<Imported> {
    const { ledger, did, snapshot, since, followed, clock, progress, signal } = this.#options
    const { rev, records, paths } = snapshot
    // First, since it may say that nothing is to be imported.
    await this.#foldProfile()
    const size = records?.size ?? 0
    for (let from = 0; from < size && this.#goesOn; from += PIECE) {
      const piece = records?.slice(from, from + PIECE) ?? []
      await this.#fold({
        kind: 'import-records',
        did,
        at: clock(),
        rev,
        since,
        records: piece.map(importedOf),
      })
      // Those who have just become characters are introduced by their own profile, without waiting for the AppView.
      if (from === 0) await this.#foldProfile()
      signal.throwIfAborted()
      progress(Math.min(from + PIECE, size))
    }
    if (this.#goesOn && since === undefined) await this.#fold({ kind: 'import-head', did, at: clock(), rev })
    if (this.#goesOn) {
      const isAbsent: Parameters<typeof removeAbsent>[1]['isAbsent'] = (id, state) =>
        followed.has(id.collection) && state.rev < rev && !paths.has(pathOf(id))
      await removeAbsent(ledger, { did, rev, at: clock(), isAbsent, signal })
    }
    return { outcome: this.#outcome, brought: this.#brought }
  }

  get #goesOn(): boolean {
    return this.#outcome === 'imported'
  }

  async #foldProfile(): Promise<void> {
    const { did, clock, snapshot } = this.#options
    const about = {
      kind: 'commit',
      did,
      at: clock(),
      rev: snapshot.rev,
      collection: PROFILE,
      rkey: 'self',
    } as const
    const { profile } = snapshot
    const labels = profile?.optedOut ? { values: [{ val: '!no-unauthenticated' }] } : {}
    await this.#fold(
      profile === undefined
        ? { ...about, op: 'delete', record: undefined }
        : { ...about, op: 'update', record: { labels } },
    )
  }

  async #fold(operation: Operation & { kind: Import['kind'] | 'commit' }): Promise<void> {
    const { ledger, did, signal } = this.#options
    signal.throwIfAborted()
    for (const changes of await ledger.fold([operation], undefined)) {
      this.#note(changes, did)
      if (operation.kind === 'commit') return
      if (has(changes, 'forgotten')) this.#outcome = 'refused'
      else if (has(changes, 'stale')) this.#outcome = 'overtaken'
    }
  }

  #note({ actors }: Changes, did: Did): void {
    for (const { cause, delta } of actors.get(did)?.events ?? []) {
      if (cause !== 'import') continue
      this.#brought.records += 1
      this.#brought.experience += delta
    }
  }
}

function has({ outcomes }: Changes, outcome: Outcome): boolean {
  return outcomes[outcome] > 0
}

function importedOf({ path, facts, claimed }: ReadRecord): ImportedRecord {
  return { ...pathParts(path), facts, claimed }
}
