import type { Did, Nsid, Tid } from '@atcute/lexicons/syntax'
import type { Micros, StreamEvent } from '../atproto/event.ts'
import type { Profile } from '../atproto/profile.ts'
import type { RecordId } from '../atproto/uri.ts'
import type { Media } from './media.ts'
import type { AskedQuestion, QuestionId, RecordPath, WishId } from './state.ts'

/** What the network said when it was asked; see `Question`. `tries` is how often it was asked before. */
export type Answer =
  /** `media` is `undefined` where the AppView does not know the post: it is gone, was never there, or is too new. */
  | (RecordId & {
      kind: 'subject-answer'
      question: QuestionId
      tries: number
      at: Micros
      rev: Tid
      subject: RecordId
      media: Media | undefined
    })
  /** `profile` is `undefined` where the AppView knows nobody of that DID. */
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
  /** What the repository held at revision `rev` in `collections`; of others it says nothing. */
  | {
      kind: 'repository-answer'
      question: QuestionId
      did: Did
      at: Micros
      rev: Tid
      paths: Pick<ReadonlySet<RecordPath>, 'has'>
      collections: ReadonlySet<Nsid>
    }

/** A question was asked, and there was no answer: it is asked again later, or given up. */
export type NoAnswer =
  | { kind: 'no-answer'; question: AskedQuestion; did: Did; at: Micros }
  /** A repository's server gives it to nobody, because the account is not active. */
  | { kind: 'inactive'; question: AskedQuestion; did: Did; at: Micros }

/** What somebody other than the stream wants changed; see the store's inbox. */
export type Wish =
  | { kind: 'forget'; wish: WishId; did: Did; at: Micros }
  /** `floor`: a revision made of the time of the wish; what was done before stays forgotten. */
  | { kind: 'unforget'; wish: WishId; did: Did; at: Micros; floor: Tid }
  /** Somebody looks at this character, and its profile is missing or old. */
  | { kind: 'look-up'; wish: WishId; did: Did; at: Micros }

/** An owner's own business: judge every record of `did` again by the rules as they are now. */
export type Recompute = { kind: 'recompute'; did: Did; at: Micros }

/** An owner's own business, too: `did` is among those who are followed from now on, or is not. */
export type Follow = { kind: 'follow'; did: Did; at: Micros; followed: boolean }

/** All that can change the ledger. */
export type Operation = StreamEvent | Answer | NoAnswer | Wish | Recompute | Follow
