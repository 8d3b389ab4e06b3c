// Says on which days a person's records count, while somebody with many of them is moved by day. No table is ordered by that: a
// record's key says when it was made, and not when it was witnessed.
import type { Did, Nsid } from '../atproto/event.ts'
import type { RecordsPart } from '../game/operation.ts'
import { type Changes, pathOf, type RecordPath, type RecordState } from '../game/state.ts'
import { ALL_DAYS, type Day, type DaySpan, dayOf } from '../game/time.ts'

/** Whose records it says this of. Under another lease somebody else may have written some. */
export type Indexed = { did: Did; lease: object | undefined; collections: readonly Nsid[] }

/** Some of the person's records; `next` is where those begin that follow. */
export type IndexPage = { records: { path: RecordPath; day: Day }[]; next: string | undefined }

/** The records of a part by day, perhaps with some that have moved to another day since. */
export type DayPage = { paths: ReadonlySet<RecordPath>; days: DaySpan; next: string | undefined }

const PLACE = 'day/'

/** Whether a place in a person's records is one of a part by day. */
export function isDayPlace(from: string): boolean {
  return from.startsWith(PLACE)
}

/** Where a part by day begins of which `day` is the latest. */
export function dayPlace(day: Day): string {
  return `${PLACE}${day}`
}

/** The day on which a record counts. */
export function dayCounted({ at, claimed }: Pick<RecordState, 'at' | 'claimed'>): Day {
  return claimed ?? dayOf(at)
}

export function isWithin({ first, last }: Readonly<DaySpan>, day: Day): boolean {
  return day >= first && day <= last
}

/**
 * The days of one person at a time, read in pieces while others write; records that are committed meanwhile are noted. It is in memory
 * alone: after a crash it is read again, and the move goes on at its place.
 */
export class DayIndex {
  #of: Indexed | undefined
  #days = new Map<Day, RecordPath[]>()
  /** Where to go on reading; `undefined` at the beginning, and once all is read. */
  #next: string | undefined
  #isComplete = false

  /** Reads another piece, unless all has been read. @returns whether it has, now */
  async read(
    wanted: Indexed,
    page: (from: string | undefined) => IndexPage | Promise<IndexPage>,
  ): Promise<boolean> {
    if (!this.#isOf(wanted)) {
      this.clear()
      this.#of = wanted
    }
    if (this.#isComplete) return true
    const { records, next } = await page(this.#next)
    for (const { path, day } of records) this.#add(path, day)
    this.#next = next
    this.#isComplete = next === undefined
    return this.#isComplete
  }

  /** Notes the records that a batch has written. Batches of the move itself need not be noted: they change no record's day. */
  note({ actors }: Pick<Changes, 'actors'>): void {
    if (this.#of === undefined) return
    const change = actors.get(this.#of.did)
    if (change === undefined) return
    if (change.purge) {
      this.clear()
      return
    }
    for (const { id, state } of change.records.values())
      if (this.#of.collections.includes(id.collection)) this.#add(pathOf(id), dayCounted(state))
  }

  /** The records of a part by day; `undefined` unless all days have been read. */
  page(wanted: Indexed, { from, limit }: Pick<RecordsPart, 'from' | 'limit'>): DayPage | undefined {
    if (!this.#isOf(wanted) || !this.#isComplete) return undefined
    const last = from === undefined ? ALL_DAYS.last : Number(from.slice(PLACE.length))
    const days = [...this.#days].filter(([day]) => day <= last).sort(([a], [b]) => b - a)
    const paths = new Set<RecordPath>()
    for (const [day, own] of days) {
      if (paths.size > 0 && paths.size + own.length > limit)
        return { paths, days: { first: day + 1, last }, next: dayPlace(day) }
      for (const path of own) paths.add(path)
    }
    return { paths, days: { first: ALL_DAYS.first, last }, next: undefined }
  }

  clear(): void {
    this.#of = undefined
    this.#days = new Map()
    this.#next = undefined
    this.#isComplete = false
  }

  #isOf({ did, lease, collections }: Indexed): boolean {
    const of = this.#of
    return of?.did === did && of.lease === lease && of.collections.join() === collections.join()
  }

  /** A record that was deleted and is there again may be listed on two days. */
  #add(path: RecordPath, day: Day): void {
    this.#days.getOrInsertComputed(day, () => []).push(path)
  }
}
