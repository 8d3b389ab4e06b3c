import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import type { Did } from '../../src/atproto/event.ts'
import { importListed } from '../../src/ingest/import-listed.ts'
import type { ImportStatus } from '../../src/store/store.ts'
import { person, START, tid } from '../game/arbitrary.ts'

const CLOSED: ImportStatus = { isOpen: false, tries: 0, head: undefined, records: 3, experience: 30 }

/** Runs it over people with these states, of whom the third belongs to another worker. */
async function asked(
  states: readonly (ImportStatus | undefined)[],
  leave = async (): Promise<void> => {},
  askedFor = new Set<Did>(),
) {
  const dids = states.map((_, n) => person(n))
  const wishes: string[] = []
  const lines: string[] = []
  await importListed({
    reader: { importStatus: async (did) => states[dids.indexOf(did)] },
    inbox: {
      leave: async ({ kind, did }) => {
        await leave()
        wishes.push(`${kind} ${dids.indexOf(did)}`)
      },
    },
    writer: { owns: (did: Did) => did !== person(2) },
    dids,
    askedFor,
    log: pino({ level: 'info' }, { write: (line) => lines.push(line) }),
    clock: () => START,
    signal: new AbortController().signal,
  })
  return { wishes, lines }
}

test('those on the list who were never imported are, by the worker whose people they are', async () => {
  const { wishes, lines } = await asked([
    undefined,
    CLOSED,
    undefined,
    { ...CLOSED, isOpen: true },
    { ...CLOSED, head: tid(5) },
  ])
  assert.deepEqual(wishes, ['import 0', 'import 1'])
  assert.match(lines.join(''), /"people":2/)
})

test('nothing is asked for again, and nothing is said of it', async () => {
  assert.deepEqual(await asked([{ ...CLOSED, head: tid(5) }]), { wishes: [], lines: [] })
})

test('nobody is asked for twice, although shards come and go', async () => {
  const askedFor = new Set<Did>()
  const again = () => asked([undefined, CLOSED], undefined, askedFor)
  assert.deepEqual((await again()).wishes, ['import 0', 'import 1'])
  assert.deepEqual(await again(), { wishes: [], lines: [] })
})

test('ingest goes on where it cannot be asked for', async () => {
  const { wishes, lines } = await asked([undefined, undefined], () => Promise.reject(new Error('locked')))
  assert.deepEqual(wishes, [])
  assert.match(lines.join(''), /"level":40.*locked/)
})
