import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ImportState, importStateOf, type KnownOfImport } from '../../src/api/import-state.ts'
import type { ImportStatus } from '../../src/store/store.ts'
import { tid } from '../game/arbitrary.ts'

const closed: ImportStatus = { isOpen: false, tries: 0, head: undefined, records: 0, experience: 0 }
const open: ImportStatus = { ...closed, isOpen: true }
const done: ImportStatus = { ...closed, head: tid(5), records: 9 }
const just = { ageMs: 1_000, wasOpen: false, isCancelled: false, records: 0, head: undefined }
const seen = { ...just, wasOpen: true }
const LATE = { ageMs: 15_000 }
const nothing = { status: undefined, noted: undefined, news: undefined, isIngesting: true }
const queued: ImportState = { state: 'queued', trouble: undefined }
const notPossible: ImportState = { state: 'refused', trouble: 'not-possible' }
const failed = { state: 'failed', reason: 'x', again: false } as const

const CASES: readonly [string, Partial<KnownOfImport>, ImportState | undefined][] = [
  ['of somebody unknown', {}, undefined],
  ['that was never asked for', { status: closed }, undefined],
  ['that came earlier', { status: done }, { state: 'done', records: 9 }],
  ['that somebody else has asked for', { status: open }, queued],
  ['that was just asked for', { noted: just }, queued],
  ['that no ingest has taken yet', { noted: { ...just, ...LATE }, isIngesting: false }, queued],
  ['that an ingest has taken and dropped', { noted: { ...just, ...LATE } }, notPossible],
  ['that waits', { noted: seen, status: open }, queued],
  [
    'that failed once',
    { noted: seen, status: { ...open, tries: 1 }, news: { ...failed, failure: 'unreachable', again: true } },
    { state: 'queued', trouble: 'unreachable' },
  ],
  [
    'being read',
    { status: open, news: { state: 'reading' } },
    { state: 'running', records: 0, of: undefined },
  ],
  [
    'being counted',
    { status: open, news: { state: 'counting', records: 250, of: 600 } },
    { state: 'running', records: 250, of: 600 },
  ],
  [
    'being counted by another process',
    { status: { ...open, records: 250 }, noted: { ...seen, records: 3 } },
    { state: 'running', records: 250, of: undefined },
  ],
  [
    'that has ended',
    { status: done, noted: just, news: { state: 'imported', records: 1, experience: 1 } },
    { state: 'done', records: 9 },
  ],
  ['that has ended in another process', { status: done, noted: seen }, { state: 'done', records: 9 }],
  [
    'that another process has ended before anybody looked',
    { status: done, noted: { ...just, head: tid(4) } },
    { state: 'done', records: 9 },
  ],
  ['that is asked for again', { status: done, noted: { ...just, head: tid(5) } }, queued],
  [
    'of a forged repository',
    { status: closed, noted: just, news: { ...failed, failure: 'unreadable' } },
    { state: 'refused', trouble: 'unreadable' },
  ],
  ['taken back here', { status: open, noted: { ...just, isCancelled: true } }, { state: 'cancelled' }],
  [
    'taken back elsewhere',
    { status: closed, noted: seen, news: { state: 'cancelled' } },
    { state: 'cancelled' },
  ],
  ['asked for again after that', { status: closed, noted: just, news: { state: 'cancelled' } }, queued],
]

for (const [what, known, expected] of CASES) {
  test(`an import ${what} is ${expected === undefined ? 'not told of' : expected.state}`, () => {
    assert.deepEqual(importStateOf({ ...nothing, ...known }), expected)
  })
}

test('at any moment people who do not want to be shown look like those whom nobody knows', () => {
  for (const ageMs of [0, 500, 5_000, 14_999, 15_000, 100_000]) {
    const noted = { ...just, ageMs }
    const told = [
      // Ingest drops the wish about somebody who hides, or refuses once it has read that they have opted out.
      importStateOf({ ...nothing, noted }),
      importStateOf({ ...nothing, noted: { ...noted, wasOpen: true }, news: { state: 'refused' } }),
      // Those who hide while their import goes on.
      importStateOf({
        ...nothing,
        noted: { ...noted, wasOpen: true },
        news: { state: 'imported', records: 9, experience: 9 },
      }),
      // Nobody on the network has this DID.
      importStateOf({
        ...nothing,
        status: closed,
        noted: { ...noted, wasOpen: true },
        news: { ...failed, failure: 'not-found' },
      }),
    ]
    const expected: ImportState = ageMs < 15_000 ? queued : notPossible
    assert.deepEqual(told, [expected, expected, expected, expected], String(ageMs))
  }
})
