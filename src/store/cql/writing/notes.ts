// What an owner does when another owner has left it a note.
import type { Did } from '../../../atproto/event.ts'
import type { Session } from '../driver/session.ts'
import { type InboxItem, type Note, takeOut } from '../inbox.ts'
import type { Mutation } from '../rows/mutations.ts'
import { recordMutations } from '../rows/record-row.ts'
import type { BatchPlan } from './batch-plan.ts'
import { mentionKey, mentionsOf } from './mentions.ts'
import type { People } from './people.ts'

export type NoteParts = {
  /** Gets the mutations for all notes, and the people that they change. */
  plan: BatchPlan
  session: Session
  people: People
  /** Makes the mutation that leaves a note for the owner of its person. */
  leave: (note: Note) => Mutation
  /** Has somebody's experience counter put right. */
  recount: (did: Did) => void
}

/** Plans what notes ask for. A note that has been fulfilled already changes nothing. */
export async function followNotes(
  notes: readonly (InboxItem & { note: Note })[],
  parts: NoteParts,
): Promise<void> {
  // There may be thousands of these, and each changes one record only; the others change characters, one after the other.
  const alone = notes.filter(({ note }) => note.kind === 'unname')
  await Promise.all(alone.map((item) => followNote(item, parts)))
  for (const item of notes) if (item.note.kind !== 'unname') await followNote(item, parts)
}

async function followNote(item: InboxItem & { note: Note }, parts: NoteParts): Promise<void> {
  const { note } = item
  const { plan, session, people, leave, recount } = parts
  plan.mutations.push(takeOut(item))
  const character = plan.changed.get(note.did) ?? (await people.one(note.did))
  if (character === undefined) return
  switch (note.kind) {
    case 'unname-all': {
      // Even if the person counts again by now: no record from before they were forgotten may name them. Records that name them anew
      // meanwhile lose the name, too, since nothing tells them apart (docs/gotchas.md).
      const { did, bucket } = note
      const { records, next } = await mentionsOf(session, did, bucket)
      for (const record of records) {
        plan.mutations.push(leave({ kind: 'unname', ...record, subject: did }))
      }
      if (next !== undefined) plan.mutations.push(leave({ ...note, bucket: next }))
      plan.forgets = true
      return
    }
    case 'unname': {
      plan.mutations.push(['dropMention', ...mentionKey(note.subject, note)])
      plan.forgets = true
      const record = await people.record(note, character)
      const { facts } = record?.state ?? {}
      if (record === undefined || facts?.subject?.did !== note.subject) return
      const state = { ...record.state, facts: { ...facts, subject: undefined } }
      const states = { before: record.state, state }
      plan.mutations.push(...recordMutations(record.id, record.bucket, states))
      return
    }
    case 'unhandle': {
      const { profile } = character
      if (profile?.handle !== note.handle) return
      plan.changed.set(note.did, { ...character, profile: { ...profile, handle: undefined } })
      return
    }
    case 'recount':
      recount(note.did)
      return
  }
}
