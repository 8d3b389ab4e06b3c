import type { Did, Nsid, Tid } from '@atcute/lexicons/syntax'
import type { Micros, StreamEvent } from '../atproto/event.ts'
import type { Profile } from '../atproto/profile.ts'
import type { RecordId } from '../atproto/uri.ts'
import type { Media } from './media.ts'
import type { AskedQuestion, QuestionId } from './question.ts'
import type { Facts } from './rules/rule.ts'
import type { WishId } from './state.ts'
import type { Day } from './time.ts'

/** The network's answer to a `Question`. `tries` is how often it was asked before. */
export type Answer =
  /** `media` is `undefined` where the AppView does not know the post: it is deleted, never existed, or is too new. */
  | (RecordId & {
      kind: 'subject-answer'
      question: QuestionId
      tries: number
      at: Micros
      rev: Tid
      subject: RecordId
      media: Media | undefined
    })
  /** `profile` is `undefined` where the AppView does not know the DID. */
  | {
      kind: 'profile-answer'
      question: QuestionId
      tries: number
      did: Did
      at: Micros
      profile: Profile | undefined
      optedOut: boolean
      postsCount: number
    }
  /** All that the repository lacks has been removed; see `Absent`. */
  | { kind: 'repository-answer'; question: QuestionId; did: Did; at: Micros }

/** Live records that the repository of `did` lacked at revision `rev`. */
export type Absent = { kind: 'absent'; did: Did; at: Micros; rev: Tid; records: readonly RecordId[] }

/**
 * The import of a repository as it was at revision `rev`, in pieces, so that other operations can come between them. Each
 * piece leaves the ledger whole; the same piece a second time, or an import of an older revision, changes nothing.
 */
export type Import =
  /**
   * Some of the records that the repository has. With `since`, those that the ledger has no row of come only where they were
   * made after that: earlier ones are from before this server. `undefined`: all of them come.
   */
  | {
      kind: 'import-records'
      did: Did
      at: Micros
      rev: Tid
      since: Tid | undefined
      records: readonly ImportedRecord[]
    }
  /** All of them are stored. Those that it lacks are removed after this, by `Absent`. */
  | { kind: 'import-head'; did: Did; at: Micros; rev: Tid }
  /** The question is closed. `brought` is what the import has changed; `undefined` where it did not come to its end. */
  | {
      kind: 'import-end'
      question: QuestionId | undefined
      did: Did
      at: Micros
      brought: (Brought & { rev: Tid }) | undefined
    }

/** A record that an imported repository has; `facts` are `undefined` where its rule cannot read it. */
export type ImportedRecord = Pick<RecordId, 'collection' | 'rkey'> & {
  facts: Facts | undefined
  /** See `claimedDay`. */
  claimed: Day
}

/** How many records an import has added or changed, and by how much XP. */
export type Brought = { records: number; experience: number }

/** A question that got no answer: it is asked again later, or given up. */
export type NoAnswer =
  | { kind: 'no-answer'; question: AskedQuestion; did: Did; at: Micros }
  /** The repository's server refuses it to everybody, because the account is not active. */
  | { kind: 'inactive'; question: AskedQuestion; did: Did; at: Micros }

/** A change that another process asks for, through the store's inbox. */
export type Wish =
  | { kind: 'forget'; wish: WishId; did: Did; at: Micros }
  /** `floor` is a revision of the wish's time: operations up to it stay forgotten. */
  | { kind: 'unforget'; wish: WishId; did: Did; at: Micros; floor: Tid }
  /** The person's own wish, as those that follow: to be shown nowhere, while their records go on counting. */
  | { kind: 'hide'; wish: WishId; did: Did; at: Micros }
  /** Everything about them is to be deleted, and nothing more to be stored. */
  | { kind: 'leave'; wish: WishId; did: Did; at: Micros }
  /** They take `hide` or `leave` back. After `leave`, operations up to `floor` stay deleted. */
  | { kind: 'return'; wish: WishId; did: Did; at: Micros; floor: Tid }
  /** A reader looks at this character, and its profile is missing or old. */
  | { kind: 'look-up'; wish: WishId; did: Did; at: Micros }
  /** Somebody asks for the person's whole history. */
  | { kind: 'import'; wish: WishId; did: Did; at: Micros }
  /** Somebody takes that back; `question` is the open one, if there is one. */
  | { kind: 'cancel-import'; wish: WishId; did: Did; at: Micros; question: QuestionId | undefined }

/** `bsky-rpg recompute` awards every record of `did` again by the present rules. */
export type Recompute = { kind: 'recompute'; did: Did; at: Micros }

/**
 * The newest rules award `did` from now on: all records again at once, or one part after the other of the records of which
 * the XP may change.
 */
export type Move = { kind: 'move'; did: Did; at: Micros; scope: 'whole' | RecordsPart }

/**
 * A part of a person's records of these collections, from the place on at which the store said that the next one begins: up to
 * `limit` of them by their keys, or by day, which caps need. Those are whole days, the latest first: as many as have up to
 * `limit` records, and at least one; no more than `limit` of those records are changed at once.
 */
export type RecordsPart = {
  by: 'key' | 'day'
  collections: readonly Nsid[]
  from: string | undefined
  limit: number
}

/** The operator's list of DIDs has changed: `did` is followed from now on, or is not. */
export type Follow = { kind: 'follow'; did: Did; at: Micros; followed: boolean }

/** All that can change the ledger. */
export type Operation = StreamEvent | Answer | NoAnswer | Absent | Import | Wish | Recompute | Move | Follow
