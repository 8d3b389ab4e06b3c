// A second, naive reading of the game: one plain map of people and records, no batches, no store. It shares with the
// program only what a table can test (media, XP by reason), so that it can be compared with it.

import type { CommitEvent, StreamEvent } from '../src/atproto/event.ts'
import { isObject } from '../src/atproto/json.ts'
import { type Media, mediaOf } from '../src/game/media.ts'

const POINTS: Record<string, Record<Media, number>> = {
  'app.bsky.feed.post': { text: 50, media: 60, alt: 70 },
  'app.bsky.feed.repost': { text: 50, media: 60, alt: 70 },
  'app.bsky.feed.like': { text: 10, media: 10, alt: 10 },
}

type ModelRecord = { rev: string; live: boolean; xp: number; media: Media; subject: string | undefined }

export type ModelPerson = {
  records: Map<string, ModelRecord>
  rev: string
  floor: string
  status: string
  statusTime: number
  purgedTime: number
  shy: boolean
  acted: boolean
}

export type ModelOptions = {
  /** What the AppView says of posts that we do not hold. */
  subjectMedia: (uri: string) => Media | undefined
  /** What repositories hold in the end, by person: a replaced one loses the rest. */
  repository: (did: string) => ReadonlySet<string> | undefined
}

/** Everybody after `events`, which are in each person's own order. */
export function model(
  events: Iterable<StreamEvent>,
  { subjectMedia, repository }: ModelOptions,
): Map<string, ModelPerson> {
  const people = new Map<string, ModelPerson>()
  const replaced = new Set<string>()
  for (const event of events) {
    const known = people.get(event.did)
    switch (event.kind) {
      case 'commit':
        commit(people, event, subjectMedia)
        break
      case 'account': {
        if (known === undefined && event.status === 'active') break
        const person = personOf(people, event.did)
        if (event.time < person.statusTime) break
        if (event.time === person.statusTime && event.status === person.status) break
        person.status = event.status
        person.statusTime = event.time
        if (event.status === 'deleted' && event.time > person.purgedTime) {
          person.purgedTime = event.time
          person.records.clear()
          if (person.rev > person.floor) person.floor = person.rev
          person.acted = false
          replaced.delete(event.did)
        }
        break
      }
      case 'sync':
        if (known?.acted && event.rev > known.floor) replaced.add(event.did)
        break
      case 'identity':
        break
    }
  }
  for (const did of replaced) {
    const held = repository(did)
    for (const [path, record] of people.get(did)?.records ?? []) {
      if (held !== undefined && !held.has(path)) Object.assign(record, { live: false, xp: 0 })
    }
  }
  return people
}

export function experienceOf({ records }: ModelPerson): number {
  let sum = 0
  for (const { xp } of records.values()) sum += xp
  return sum
}

function commit(
  people: Map<string, ModelPerson>,
  event: CommitEvent,
  subjectMedia: ModelOptions['subjectMedia'],
): void {
  const points = POINTS[event.collection]
  if (points === undefined) return
  const person = personOf(people, event.did)
  const path = `${event.collection}/${event.rkey}`
  const before = person.records.get(path)
  if (event.rev <= person.floor || (before !== undefined && event.rev <= before.rev)) return
  if (event.rev > person.rev) person.rev = event.rev
  if (event.op === 'delete') {
    person.records.set(path, { rev: event.rev, live: false, xp: 0, media: 'text', subject: undefined })
    return
  }
  person.acted = true
  const { media, subject } = look(people, event, before, subjectMedia)
  const xp = readable(event) ? points[media] : 0
  person.records.set(path, { rev: event.rev, live: true, xp, media, subject })
}

function readable({ collection, record }: CommitEvent): boolean {
  if (!isObject(record)) return false
  return (
    collection === 'app.bsky.feed.post' ||
    (isObject(record.subject) && typeof record.subject.uri === 'string')
  )
}

function look(
  people: Map<string, ModelPerson>,
  { collection, record }: CommitEvent,
  before: ModelRecord | undefined,
  subjectMedia: ModelOptions['subjectMedia'],
): { media: Media; subject: string | undefined } {
  const fields = isObject(record) ? record : {}
  if (collection === 'app.bsky.feed.post') return { media: mediaOf(fields.embed), subject: undefined }
  if (collection !== 'app.bsky.feed.repost') return { media: 'text', subject: undefined }
  const subject = isObject(fields.subject) ? String(fields.subject.uri) : ''
  if (before?.live && before.subject === subject) return { media: before.media, subject }
  const [, , author = '', ...path] = subject.split('/')
  const own = people.get(author)?.records.get(path.join('/'))
  return { media: own?.live ? own.media : (subjectMedia(subject) ?? 'text'), subject }
}

function personOf(people: Map<string, ModelPerson>, did: string): ModelPerson {
  let person = people.get(did)
  if (person === undefined) {
    person = {
      records: new Map(),
      rev: '',
      floor: '',
      status: 'active',
      statusTime: 0,
      purgedTime: -1,
      shy: false,
      acted: false,
    }
    people.set(did, person)
  }
  return person
}
