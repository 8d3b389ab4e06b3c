// What others want of an owner: wishes of people and operators, and notes that owners of other shards leave for each other.
import { randomUUID } from 'node:crypto'
import type { Did, Micros, Nsid } from '../../atproto/event.ts'
import type { Wish } from '../../game/operation.ts'
import type { Inbox, WishToLeave } from '../store.ts'
import { wishOf } from '../stored-wish.ts'
import type { Mutation } from './mutations.ts'
import type { Row } from './paging.ts'
import type { Session } from './session.ts'
import { shardOf } from './sharding.ts'
import { numberOf } from './values.ts'

/** What an owner does by itself, without asking the game. */
export type Note =
  /** This person is forgotten, and no record is to name them: those in partitions of mentions from `bucket` on still do. */
  | { kind: 'unname-all'; did: Did; bucket: number }
  /** The record does not name that subject any more. */
  | { kind: 'unname'; did: Did; collection: Nsid; rkey: string; subject: Did }
  /** The handle is somebody else's by now. */
  | { kind: 'unhandle'; did: Did; handle: string }
  /** The experience counter is to say what the character does. */
  | { kind: 'recount'; did: Did }

/** Where something lies, and the time under which it was written, by whoever's clock: it is taken out under the same. */
export type LetterPlace = { shard: number; id: string; written: number }

/** `at` is when it was left. */
export type Letter = LetterPlace & { at: Micros } & ({ wish: Wish } | { note: Note })

const INSERT = 'INSERT INTO inbox (shard, id, kind, did, at, note) VALUES (?, ?, ?, ?, ?, ?)'
const SELECT = 'SELECT id, kind, did, at, note, writetime(kind) AS written FROM inbox WHERE shard = ? LIMIT ?'

/** Anybody may leave something; it waits for the shard's owner. */
export class CqlInbox implements Inbox {
  readonly #session: Session
  readonly #shards: number

  constructor(session: Session, shards: number) {
    this.#session = session
    this.#shards = shards
  }

  async leave({ kind, did, at }: WishToLeave): Promise<void> {
    await this.#session.write(INSERT, [shardOf(did, this.#shards), idOf(at), kind, did, at, null])
  }

  async note(note: Note, at: Micros): Promise<void> {
    const shard = shardOf(note.did, this.#shards)
    await this.#session.write(INSERT, [shard, idOf(at), note.kind, note.did, at, JSON.stringify(note)])
  }
}

/** A note, as part of a batch of whoever has reason to leave it: however often that is written, it is one write. */
export function noteMutation(note: Note, shards: number, at: Micros): Mutation {
  const shard = shardOf(note.did, shards)
  return ['letter', shard, idOf(at), note.kind, note.did, at, JSON.stringify(note), at]
}

/**
 * Takes something out. A deletion wins over a write of the same time, and touches no other: so it works whatever the clocks
 * of those who left it say.
 */
export function takeOut({ shard, id, written }: LetterPlace): Mutation {
  return ['takeOut', written, shard, id]
}

/** What waits for the owner of `shard`, oldest first. */
export async function readInbox(session: Session, shard: number, limit: number): Promise<Letter[]> {
  return (await session.read(SELECT, [shard, limit])).map((row) => letterOf(shard, row))
}

function letterOf(shard: number, { id, kind, did, at, note, written }: Row): Letter {
  const place = { shard, id: String(id), written: numberOf(written), at: numberOf(at) }
  if (note !== null && note !== undefined) return { ...place, note: JSON.parse(String(note)) as Note }
  const wish = { wish: `${shard}:${place.written}:${id}`, did: did as Did, at: place.at }
  return { ...place, wish: wishOf(kind as Wish['kind'], wish) }
}

/** Reads the name of a wish. */
export function wishPlace(wish: string): LetterPlace {
  const [shard, written, ...id] = wish.split(':')
  return { shard: Number(shard), written: Number(written), id: id.join(':') }
}

/** Sorts by time, and differs for each. */
function idOf(at: Micros): string {
  return `${String(at).padStart(17, '0')}-${randomUUID()}`
}
