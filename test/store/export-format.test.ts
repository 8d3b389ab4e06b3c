import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { ExportError } from '../../src/store/export/lines.ts'
import { readExport } from '../../src/store/export/read-export.ts'
import { restore } from '../../src/store/export/restore.ts'
import { KEEP } from '../conformance/check.ts'
import { exported, partsOf } from '../conformance/exports.ts'
import { alice, bob, cursorOf, fold, like, post, repost } from '../conformance/operations.ts'
import { game, START } from '../game/arbitrary.ts'
import { Memory } from '../memory-store/memory.ts'
import { openMemory } from '../memory-store/open.ts'

const text = await small()

async function small(): Promise<string> {
  const store = openMemory(new Memory())
  await using writer = await store.write(KEEP)
  await writer.begin(cursorOf(0))
  await fold(writer, [post(alice, 1), like(alice, 2), repost(bob, 3, alice, 1)], cursorOf(3), game)
  await store.inbox.leave({ kind: 'hide', did: bob, at: START })
  return exported(store)
}

/** Restores `bytes` into a new ledger in memory. */
async function restored(bytes: Uint8Array): Promise<void> {
  const store = openMemory(new Memory())
  await restore(
    readExport(partsOf(bytes, 64)),
    ({ id }) => store.restore(id),
    () => {},
  )
}

/** The same lines, with checks that agree with them. */
function resealed(lines: readonly string[]): string {
  let block = ''
  let count = 0
  let all = ''
  for (const line of lines) {
    if (line.startsWith('{"kind":"check"')) {
      const sha256 = createHash('sha256').update(block).digest('hex')
      all += `${block}${JSON.stringify({ kind: 'check', lines: count, sha256 })}\n`
      block = ''
      count = 0
    } else {
      block += `${line}\n`
      count += 1
    }
  }
  return all + block
}

const lines = text.trimEnd().split('\n')

test('an export is restored however its bytes are divided', async () => {
  await restored(Buffer.from(text))
  assert.equal(resealed(lines), text)
  await restored(Buffer.from(resealed(lines)))
})

test('an export that is cut off anywhere is refused', async () => {
  for (let end = 0; end < text.length; end++) {
    await assert.rejects(restored(Buffer.from(text.slice(0, end))), (error: unknown) => {
      assert.ok(error instanceof ExportError)
      assert.match(error.message, /line \d+/)
      return true
    })
  }
})

test('an export in which any byte is another is refused', async () => {
  const bytes = Buffer.from(text)
  const change = fc.record({ at: fc.nat({ max: bytes.length - 1 }), by: fc.integer({ min: 1, max: 255 }) })
  await fc.assert(
    fc.asyncProperty(change, async ({ at, by }) => {
      const changed = Buffer.from(bytes)
      changed[at] = ((changed[at] ?? 0) + by) % 256
      await assert.rejects(restored(changed), ExportError)
    }),
    { numRuns: 1_000 },
  )
})

test('rubbish is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 300 }), jsonLines()), async (bytes) => {
      await assert.rejects(restored(bytes), ExportError)
    }),
    { numRuns: 300 },
  )
})

test('lines that are in order by themselves and not together are refused', async () => {
  const kinds = lines.map((line) => String(JSON.parse(line).kind))
  const lineOf = (kind: string) => lines[kinds.indexOf(kind)] ?? ''
  const without = (kind: string) => lines.filter((_, n) => kinds[n] !== kind)
  for (const [wrong, told] of [
    [without('person'), /line \d+: it belongs to a person, and none comes before it/],
    [without('cursor'), /no line that says where in the stream/],
    [without('header'), /line 1 is not the header/],
    [without('end'), /cut off after line \d+: it has no last line/],
    [without('event'), /last line counts other events/],
    [without('record'), /last line counts other records/],
    [[...lines, lineOf('gap'), ...lines], /line \d+: the export has ended before it|line \d+/],
    [[lines[0] ?? '', ...lines], /line 2: a second header/],
    [lines.map((line) => line.replaceAll(alice, 'alice')), /line \d+: "alice" is not a DID/],
    [lines.map((line) => line.replaceAll('"live":true', '"live":1')), /line \d+ is not a line .*\/live/],
    [lines.map((line) => line.replaceAll('"live":true', '"live":true,"more":1')), /line \d+ is not a line/],
    [lines.map((line) => line.replace('"kind":"person"', '"kind":"nobody"')), /its kind is "nobody"/],
    [lines.map((line) => line.replace('at://', 'http://')), /is not the at:\/\/ URI of a record/],
    [
      lines.with(1, lines[1]?.replace('points', 'others') ?? ''),
      /newest version of the rules is not the one that the header names/,
    ],
    [without('rules'), /line \d+: it names a version of the rules that it cannot be of/],
    [
      lines.map((line) => line.replace(/("delta".*"rules":)1/, '$12')),
      /line \d+: it names a version of the rules that it cannot be of/,
    ],
    [
      lines.flatMap((line) => (line.startsWith('{"kind":"rules"') ? [line, line] : line)),
      /line 3: its version of the rules does not come next/,
    ],
    [lines.map((line) => line.replace('a.test', '')), /a place that no host has given out/],
  ] as const) {
    await assert.rejects(restored(Buffer.from(resealed(wrong))), (error: unknown) => {
      assert.ok(error instanceof ExportError, String(error))
      assert.match(error.message, told)
      return true
    })
  }
})

test('a line and a block that never end are refused before they fill the memory', async () => {
  const mebibyte = Buffer.alloc(1024 * 1024, 0x61)
  async function* endless(part: Uint8Array): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`${lines[0]}\n`)
    for (let n = 0; n < 200; n++) yield part
    assert.fail('it was read on')
  }
  const read = async (part: Uint8Array) => {
    for await (const _ of readExport(endless(part))) assert.fail('nothing was checked')
  }
  await assert.rejects(read(mebibyte), /line 2 is longer than any line of an export/)
  const gap = { kind: 'gap', host: 'x'.repeat(9_000), from: 1, reason: '', at: 1 }
  await assert.rejects(
    read(Buffer.from(`${JSON.stringify(gap)}\n`.repeat(100))),
    /no check line since line 1/,
  )
})

function jsonLines(): fc.Arbitrary<Uint8Array> {
  return fc
    .array(fc.json(), { maxLength: 5 })
    .map((all) => Buffer.from(all.map((json) => `${json}\n`).join('')))
}
