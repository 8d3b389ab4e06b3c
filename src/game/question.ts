import type { Did, Nsid, RecordKey, Tid } from '@atcute/lexicons/syntax'
import type { RecordId } from '../atproto/uri.ts'
import type { Seconds } from './time.ts'

/**
 * A question to the network. The store keeps it until it is answered, so a restart forgets none.
 * `subject`: what media does the post have that this record names? `profile`: who is this? `repository`: which records
 * are in it now? `import`: what is in it now?
 */
export type Question = SubjectQuestion | PersonQuestion

type SubjectQuestion = {
  kind: 'subject'
  did: Did
  collection: Nsid
  rkey: RecordKey
  rev: Tid
  subject: RecordId
}

/** At most one of each kind is open about a person. */
export type PersonQuestion =
  | { kind: 'profile'; did: Did }
  | { kind: 'repository'; did: Did }
  | { kind: 'import'; did: Did }

export type QuestionKind = Question['kind']

/**
 * A new question, and what it does to an open one of its kind about the same person (see `startOf`):
 * `restart` replaces it and is asked at once. `follow` replaces it and takes over its pause, so frequent reasons to ask
 * do not make frequent requests; an answer under way closes the old question and not the new one. `keep` leaves an open
 * one alone. `wake` restarts one that is asleep, and does nothing else.
 */
export type Ask = SubjectQuestion | (PersonQuestion & { ifOpen: 'restart' | 'follow' | 'keep' | 'wake' })

/** Names a stored question, in a format of the store's own. */
export type QuestionId = string

/** An open question, asked `tries` times without an answer. */
export type AskedQuestion = Question & { id: QuestionId; tries: number }

/** A question that stays open and is asked again from `due` on, by our own clock. */
export type Postponed = { question: AskedQuestion; due: Seconds }
