// What an owner does about a note that somebody left for it.
import type { Did } from '../../atproto/event.ts'
import { characterMutation, type Held } from './character-row.ts'
import type { Letter, Note } from './inbox.ts'
import type { People } from './people.ts'
import type { Draft } from './plan.ts'
import { recordMutation } from './record-row.ts'
import type { Session } from './session.ts'
import { numberOf } from './values.ts'

const COUNTER = 'SELECT experience FROM characters_experience WHERE did = ?'

/** Puts what a note wants into `draft`, and people as they are then into `after`. One that has come true already wants nothing. */
export async function followNote(
  { note, shard, id }: Letter & { note: Note },
  {
    draft,
    after,
    session,
    people,
  }: { draft: Draft; after: Map<Did, Held>; session: Session; people: People },
): Promise<void> {
  draft.mutations.push(['dropWish', shard, id])
  const held = after.get(note.did) ?? (await people.one(note.did))
  if (held === undefined) return
  switch (note.kind) {
    case 'unname': {
      const record = await people.record(note, held)
      const { facts } = record?.state ?? {}
      if (record === undefined || facts?.subject?.did !== note.subject) return
      const state = { ...record.state, facts: { ...facts, subject: undefined } }
      draft.mutations.push(recordMutation(record.id, record.bucket, state))
      return
    }
    case 'unhandle': {
      const { profile } = held
      if (profile?.handle !== note.handle) return
      const changed = { ...held, profile: { ...profile, handle: undefined } }
      after.set(note.did, changed)
      draft.mutations.push(characterMutation(changed, draft.time))
      return
    }
    case 'recount': {
      const [row] = await session.read(COUNTER, [note.did])
      const delta = held.state.experience - numberOf(row?.experience)
      if (delta !== 0) draft.counts.push({ did: note.did, delta })
      return
    }
  }
}
