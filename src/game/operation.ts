import type { Did, Nsid, Tid } from '@atcute/lexicons/syntax'
import type { Micros, StreamEvent } from '../atproto/event.ts'
import type { Profile } from '../atproto/profile.ts'
import type { RecordId } from '../atproto/uri.ts'
import type { Media } from './media.ts'
import type { AskedQuestion, QuestionId } from './question.ts'
import type { RecordPath, WishId } from './state.ts'

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
  /** `paths` of all records that the repository had at revision `rev` in `collections`. */
  | {
      kind: 'repository-answer'
      question: QuestionId
      did: Did
      at: Micros
      rev: Tid
      paths: Pick<ReadonlySet<RecordPath>, 'has'>
      collections: ReadonlySet<Nsid>
    }

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

/** `bsky-rpg recompute` awards every record of `did` again by the present rules. */
export type Recompute = { kind: 'recompute'; did: Did; at: Micros }

/** The operator's list of DIDs has changed: `did` is followed from now on, or is not. */
export type Follow = { kind: 'follow'; did: Did; at: Micros; followed: boolean }

/** All that can change the ledger. */
export type Operation = StreamEvent | Answer | NoAnswer | Wish | Recompute | Follow
