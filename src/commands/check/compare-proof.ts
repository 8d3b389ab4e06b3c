// Counts a person's repository by the rules, and compares that with what a server says; pure.
import { isTid } from '@atcute/lexicons/syntax'
import { parse } from '@atcute/tid'
import type { ProofHead, ProofRecord } from '../../api/proof.ts'
import type { Did, Micros, Nsid, Tid } from '../../atproto/event.ts'
import { microsOf } from '../../atproto/micros.ts'
import { uriOf } from '../../atproto/uri.ts'
import type { ReadRecord } from '../../bluesky/repository/record-list.ts'
import { BASELINE } from '../../game/baseline.ts'
import { levelOf } from '../../game/levels.ts'
import type { Media } from '../../game/media.ts'
import type { Rulebook } from '../../game/rulebook.ts'
import { DAY_MICROS, HOUR_MICROS } from '../../game/time.ts'

export type CompareOptions = {
  did: Did
  rules: Pick<Rulebook, 'award' | 'caps'>
  proof: { head: ProofHead; records: readonly ProofRecord[] }
  repository: { rev: Tid; records: Iterable<ReadRecord> }
  /** The media of a reposted post; `undefined` where nobody knows them. */
  mediaOf: (uri: string) => Media | undefined
  now: Micros
}

export type Comparison = {
  /** Records that both have, alike. */
  equal: number
  /** What differs for a reason that is no fault, and how often. */
  explained: ReadonlyMap<Explanation, number>
  differences: readonly string[]
}

type Explanation =
  | 'from before this server'
  | 'not seen by the server yet'
  | 'changed since the server saw it'
  | 'reposts of posts whose media are not known'
  | 'baseline of posts from before this server'
  | 'kept down by a cap'

/** How far a server may be behind: further back, what it has not seen yet explains nothing. */
const MAX_LAG: Micros = HOUR_MICROS
/** Keys are made by people's own clocks. */
const CLOCKS_DIFFER: Micros = 60_000_000

export function compareProof(options: CompareOptions): Comparison {
  const comparing = new Comparing(options)
  comparing.sums()
  comparing.records()
  comparing.caps()
  return comparing
}

class Comparing implements Comparison {
  equal = 0
  readonly explained = new Map<Explanation, number>()
  readonly differences: string[] = []
  readonly #options: CompareOptions
  readonly #seenUpTo: Micros
  readonly #firstSeen: Micros
  /** The repository has changed since the server looked, and that is not long ago. */
  readonly #isBehind: boolean

  constructor(options: CompareOptions) {
    const { proof, repository, now } = options
    this.#options = options
    this.#seenUpTo = microsOf(proof.head.seenUpTo) ?? 0
    this.#firstSeen = proof.records.reduce(
      (first, { witnessed }) => Math.min(first, microsOf(witnessed) ?? first),
      Number.POSITIVE_INFINITY,
    )
    const isLate = now - this.#seenUpTo < MAX_LAG
    this.#isBehind = isLate && timeOf(repository.rev) > this.#seenUpTo - CLOCKS_DIFFER
  }

  sums(): void {
    const { head, records } = this.#options.proof
    const sum = records.reduce((total, { experience }) => total + experience, 0)
    if (sum !== head.experience)
      this.#differs(`its records have ${sum} XP together, and it shows ${head.experience}`)
    if (levelOf(head.experience) !== head.level) {
      this.#differs(`${head.experience} XP are level ${levelOf(head.experience)}, and it shows ${head.level}`)
    }
  }

  records(): void {
    const { did, proof, repository } = this.#options
    const counted = new Map<string, ProofRecord>()
    for (const record of proof.records) {
      const path = `${record.collection}/${record.rkey}`
      if (counted.has(path)) this.#differs(`at://${did}/${path} is counted twice`)
      counted.set(path, record)
    }
    for (const record of repository.records) {
      const mine = counted.get(record.path)
      counted.delete(record.path)
      if (mine === undefined) this.#missing(record)
      else this.#both(mine, record)
    }
    for (const [path, { collection, experience, reason }] of counted) {
      if (collection === BASELINE) this.#explain('baseline of posts from before this server')
      else if (
        this.#options.rules.award(collection as Nsid, undefined).reason === 'tracked' &&
        experience === 0
      )
        continue
      else if (this.#isBehind) this.#explain('changed since the server saw it')
      else
        this.#differs(`at://${did}/${path} counts ${experience} XP (${reason}) and is not in the repository`)
    }
  }

  caps(): void {
    const { proof, rules } = this.#options
    const sums = new Map<string, number>()
    for (const { collection, witnessed, experience } of proof.records) {
      const cap = rules.caps[collection as Nsid]
      const at = microsOf(witnessed)
      if (cap === undefined || at === undefined) continue
      const day = `${collection} on ${new Date(Math.floor(at / DAY_MICROS) * (DAY_MICROS / 1000)).toISOString().slice(0, 10)}`
      const sum = (sums.get(day) ?? 0) + experience
      sums.set(day, sum)
      if (sum > cap && sum - experience <= cap) this.#differs(`${day} has more than the cap of ${cap} XP`)
    }
  }

  #missing({ path, claimed }: ReadRecord): void {
    const key = path.slice(path.indexOf('/') + 1)
    const at = isTid(key) ? timeOf(key) : claimed * DAY_MICROS
    if (at < this.#firstSeen) this.#explain('from before this server')
    else if (at > this.#seenUpTo - CLOCKS_DIFFER) this.#explain('not seen by the server yet')
    else if (this.#isBehind) this.#explain('not seen by the server yet')
    else
      this.#differs(
        `at://${this.#options.did}/${path} is in the repository, and the server does not count it`,
      )
  }

  #both(mine: ProofRecord, { path, facts }: ReadRecord): void {
    const { rules, did, mediaOf } = this.#options
    const collection = mine.collection as Nsid
    const subject = facts?.subject
    const media = subject === undefined ? facts?.media : mediaOf(uriOf(subject))
    const { reason, xp } = rules.award(collection, facts && { ...facts, media })
    const uri = `at://${did}/${path}`
    // Whichever media the post has, the record earns what the server's own reason for it is worth.
    const worth = rules.award(collection, facts && { ...facts, media: mediaIn(mine.reason) })
    const isOpen = subject !== undefined && (media === undefined || mediaIn(mine.reason) === 'text')
    const expected = isOpen && worth.reason === mine.reason ? worth : { reason, xp }
    if (mine.reason === expected.reason && mine.experience === expected.xp) {
      if (expected.reason === reason) this.equal += 1
      else this.#explain('reposts of posts whose media are not known')
    } else if (mine.reason === expected.reason && this.#isCapped(mine, expected.xp)) {
      this.#explain('kept down by a cap')
    } else if (this.#isBehind && mine.reason !== expected.reason && this.#pays(mine)) {
      this.#explain('changed since the server saw it')
    } else {
      this.#differs(
        `${uri} counts ${mine.experience} XP (${mine.reason}), and by the rules ${expected.xp} (${expected.reason})`,
      )
    }
  }

  /** Whether a record that was another when the server saw it has what its reason was worth. */
  #pays({ collection, reason, experience, capped }: ProofRecord): boolean {
    const { rules } = this.#options
    const worth = MEDIA.map((media) => rules.award(collection as Nsid, { media, own: undefined }))
    return worth.some(
      (one) => one.reason === reason && (one.xp === experience || (capped === true && experience < one.xp)),
    )
  }

  #isCapped({ collection, experience, capped }: ProofRecord, xp: number): boolean {
    return (
      capped === true &&
      this.#options.rules.caps[collection as Nsid] !== undefined &&
      experience >= 0 &&
      experience < xp
    )
  }

  #explain(why: Explanation): void {
    this.explained.set(why, (this.explained.get(why) ?? 0) + 1)
  }

  #differs(how: string): void {
    this.differences.push(how)
  }
}

const MEDIA: readonly Media[] = ['text', 'media', 'alt']

function mediaIn(reason: string): Media | undefined {
  return MEDIA.find((media) => reason.endsWith(`.${media}`))
}

/** When a revision or key was made, as its maker says. */
function timeOf(tid: Tid): Micros {
  return parse(tid).timestamp
}
