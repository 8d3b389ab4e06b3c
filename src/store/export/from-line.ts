// From the lines of an export back to a ledger's parts.
import { isDid, isHandle, isNsid, isRecordKey, isTid } from '@atcute/lexicons/syntax'
import type { Did, Handle, Nsid, RecordKey, Tid } from '../../atproto/event.ts'
import { parseUri, type RecordId } from '../../atproto/uri.ts'
import type { DayTally } from '../../game/days.ts'
import type { Followed } from '../../game/followed.ts'
import type { LedgerEvent, RecordState } from '../../game/state.ts'
import type { RulesVersion } from '../rules.ts'
import type { OpenQuestion, PersonCopy } from './ledger-copy.ts'
import type { LineOf } from './lines.ts'

export function versionOf({ version, fingerprint, titles, at }: LineOf<'rules'>): RulesVersion {
  return { version, fingerprint, titles, at }
}

/** @throws {TypeError} as all that follow, where an identifier is none */
export function personOf(line: LineOf<'person'>): PersonCopy {
  const { kind: _kind, profile, pruned, granted, days, ...actor } = line
  return {
    actor: {
      ...actor,
      did: did(actor.did),
      running: dayOf(actor.running),
      earlier: new Map(Object.entries(actor.earlier)),
      counts: new Map(Object.entries(actor.counts).map(([name, n]) => [nsid(name), n])),
      rev: optional(actor.rev, tid),
      floor: optional(actor.floor, tid),
      head: optional(actor.head, tid),
      purgedTime: actor.purgedTime,
      profileRev: optional(actor.profileRev, tid),
      handle: optional(actor.handle, handle),
    },
    profile: profile && {
      handle: optional(profile.handle, handle),
      displayName: profile.displayName,
      avatar: profile.avatar,
      asked: profile.asked,
    },
    pruned,
    granted: new Map(
      granted.map(({ day, granted: xp }) => [
        day,
        new Map(Object.entries(xp).map(([name, n]) => [nsid(name), n])),
      ]),
    ),
    days: days.map(dayOf),
  }
}

export function recordOf(owner: Did, line: LineOf<'record'>): [RecordId, RecordState] {
  const { collection, rkey, rev, live, xp, at, capped, claimed, facts } = line
  return [
    { did: owner, collection: nsid(collection), rkey: recordKey(rkey) },
    {
      rev: tid(rev),
      live,
      xp,
      at,
      capped,
      claimed,
      facts: facts && { media: facts.media, subject: optional(facts.subject, uri), own: facts.own },
    },
  ]
}

export function eventOf(owner: Did, line: LineOf<'event'>): LedgerEvent {
  const { at, collection, rkey, cause, reason, delta, experience, rules } = line
  return {
    did: owner,
    collection: nsid(collection),
    rkey: recordKey(rkey),
    at,
    cause,
    reason,
    delta,
    rules,
    experience,
  }
}

export function questionOf(line: LineOf<'question'>): OpenQuestion {
  const { about, due, tries, collection, rkey, rev, subject } = line
  const owner = did(line.did)
  if (about !== 'subject') return { kind: about, did: owner, due, tries }
  return {
    kind: about,
    did: owner,
    due,
    tries,
    collection: nsid(collection ?? ''),
    rkey: recordKey(rkey ?? ''),
    rev: tid(rev ?? ''),
    subject: uri(subject ?? ''),
  }
}

export function followedOf({ dids, collections, left }: LineOf<'followed'>): Followed {
  return { dids: dids?.map(did), collections: collections.map(nsid), left }
}

export function did(text: string): Did {
  return isDid(text) ? text : fail(text, 'a DID')
}

function dayOf({ day, experience, claimed, counts }: LineOf<'person'>['running']): DayTally {
  return { day, experience, claimed, counts: new Map(Object.entries(counts)) }
}

function nsid(text: string): Nsid {
  return isNsid(text) ? text : fail(text, 'a collection')
}

function recordKey(text: string): RecordKey {
  return isRecordKey(text) ? text : fail(text, 'a record key')
}

function tid(text: string): Tid {
  return isTid(text) ? text : fail(text, 'a revision')
}

function handle(text: string): Handle {
  return isHandle(text) ? text : fail(text, 'a handle')
}

function uri(text: string): RecordId {
  return parseUri(text) ?? fail(text, 'the at:// URI of a record')
}

function optional<T>(text: string | undefined, read: (text: string) => T): T | undefined {
  return text === undefined ? undefined : read(text)
}

function fail(text: string, what: string): never {
  throw new TypeError(`${JSON.stringify(text.slice(0, 80))} is not ${what}`)
}
