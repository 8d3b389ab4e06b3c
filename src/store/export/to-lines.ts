// From a ledger's parts to the lines of an export. What has no order in the ledger is sorted, so equal parts make equal lines.
import type { Nsid } from '../../atproto/event.ts'
import { type RecordId, uriOf } from '../../atproto/uri.ts'
import type { DayTally, Tally } from '../../game/days.ts'
import type { LedgerEvent, RecordState } from '../../game/state.ts'
import type { RulesVersion } from '../rules.ts'
import type { LedgerState, OpenQuestion, PersonCopy } from './ledger-copy.ts'
import type { Line, LineOf } from './lines.ts'

/** The lines before the first person. */
export function stateLines({ versions, cursor, heartbeat, followed, gaps, wishes }: LedgerState): Line[] {
  const { host, wire, value, at } = cursor
  const gapLines = gaps.map(
    ({ host, from, to, reason, at }): LineOf<'gap'> => ({ kind: 'gap', host, from, to, reason, at }),
  )
  return [
    ...versions.map(versionLine),
    { kind: 'cursor', host, wire, value, at },
    ...(heartbeat === undefined ? [] : [heartbeatLine(heartbeat)]),
    ...(followed === undefined ? [] : [followedLine(followed)]),
    ...gapLines.sort((a, b) => compare(JSON.stringify(a), JSON.stringify(b))),
    ...wishes.map(({ kind, did, at }): Line => ({ kind: 'wish', wish: kind, did, at })),
  ]
}

function versionLine({ version, fingerprint, titles, at }: RulesVersion): LineOf<'rules'> {
  return {
    kind: 'rules',
    version,
    fingerprint,
    titles: titles?.map(({ level, title }) => ({ level, title })),
    at,
  }
}

function heartbeatLine({ at, lag, host }: NonNullable<LedgerState['heartbeat']>): Line {
  return { kind: 'heartbeat', at, lag, host }
}

function followedLine({ dids, collections, left }: NonNullable<LedgerState['followed']>): Line {
  return {
    kind: 'followed',
    dids: dids && [...dids],
    collections: [...collections],
    left: Object.fromEntries(Object.entries(left).sort(([a], [b]) => compare(a, b))),
  }
}

export function personLine({ actor, profile, pruned, granted, days }: PersonCopy): LineOf<'person'> {
  return {
    kind: 'person',
    did: actor.did,
    born: actor.born,
    experience: actor.experience,
    lastDelta: actor.lastDelta,
    updatedAt: actor.updatedAt,
    periods: { day: actor.periods.day, week: actor.periods.week, month: actor.periods.month },
    running: dayLine(actor.running),
    earlier: sorted(actor.earlier),
    described: actor.described,
    // A collection of which nothing is live is left out: not every store knows it.
    counts: sorted(new Map([...actor.counts].filter(([, n]) => n > 0))),
    rev: actor.rev,
    floor: actor.floor,
    head: actor.head,
    status: actor.status,
    statusTime: actor.statusTime,
    purgedTime: actor.purgedTime,
    optedOut: actor.optedOut,
    profileRev: actor.profileRev,
    introduced: actor.introduced,
    namedAt: actor.namedAt,
    handle: actor.handle,
    forgotten: actor.forgotten,
    hidden: actor.hidden,
    left: actor.left,
    unfollowed: actor.unfollowed,
    profile: profile && {
      handle: profile.handle,
      displayName: profile.displayName,
      avatar: profile.avatar,
      asked: profile.asked,
    },
    pruned,
    granted: [...granted].sort(([a], [b]) => a - b).map(([day, xp]) => ({ day, granted: sorted<Nsid>(xp) })),
    days: days.map(dayLine).sort((a, b) => a.day - b.day),
  }
}

export function recordLine([{ collection, rkey }, state]: [RecordId, RecordState]): LineOf<'record'> {
  const { rev, live, xp, at, capped, claimed, facts } = state
  return {
    kind: 'record',
    collection,
    rkey,
    rev,
    live,
    xp,
    at,
    capped,
    claimed,
    facts: facts && {
      media: facts.media,
      subject: facts.subject && uriOf(facts.subject),
      own: facts.own,
    },
  }
}

export function eventLine({
  at,
  collection,
  rkey,
  cause,
  reason,
  delta,
  experience,
  rules,
}: LedgerEvent): LineOf<'event'> {
  return { kind: 'event', at, collection, rkey, cause, reason, delta, experience, rules }
}

export function questionLine(question: OpenQuestion): LineOf<'question'> {
  const { kind: about, did, due, tries } = question
  const asked = { kind: 'question', about, did, due, tries } as const
  if (question.kind !== 'subject') return asked
  const { collection, rkey, rev, subject } = question
  return { ...asked, collection, rkey, rev, subject: uriOf(subject) }
}

function dayLine({
  day,
  experience,
  claimed,
  counts,
}: DayTally): Omit<Tally, 'counts'> & { day: number; counts: Record<string, number> } {
  return { day, experience, claimed, counts: sorted(counts) }
}

function sorted<Name extends string>(numbers: ReadonlyMap<Name, number>): Record<string, number> {
  return Object.fromEntries([...numbers].sort(([a], [b]) => compare(a, b)))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
