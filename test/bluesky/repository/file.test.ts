import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { encode, toBytes } from '@atcute/cbor'
import { ownerOf, readSnapshotFile } from '../../../src/bluesky/repository/file.ts'
import { SNAPSHOT_LIMITS } from '../../../src/bluesky/repository/limits.ts'
import { Blocks, BOTH, carOf, KEY, madeRepository, OWNER, pathsOf, REV, recordOf } from './made-repository.ts'

const { commit, blocks } = madeRepository(pathsOf(30), recordOf)
const WANTED = {
  did: OWNER,
  key: KEY,
  collections: BOTH,
  records: { today: 20_000 },
  limits: SNAPSHOT_LIMITS,
}

function fileOf(t: TestContext, bytes: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-car-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'repository.car')
  writeFileSync(path, bytes)
  return path
}

suite('a repository in a file', () => {
  test('is read as one from the network is, and says whose it is', async (t) => {
    for (const list of [blocks, blocks.toReversed()]) {
      const path = fileOf(t, carOf(commit, list))
      assert.equal(await ownerOf(path), OWNER)
      const { paths, records } = await readSnapshotFile(path, WANTED)
      assert.deepEqual([paths.size, records?.size], [30, 30])
    }
  })

  test('is refused where it is none, or not there', async (t) => {
    const cut = fileOf(t, carOf(commit, blocks.toReversed()).subarray(0, -1))
    await assert.rejects(readSnapshotFile(cut, WANTED), { refusal: 'incomplete' })
    await assert.rejects(ownerOf(cut), { refusal: 'incomplete' })
    const page = fileOf(t, Buffer.from('<html>'.repeat(99)))
    await assert.rejects(ownerOf(page), { refusal: 'malformed' })
    for (const odd of [
      // A name that every object has by itself, and lists in thousands of lists.
      Buffer.concat([Buffer.from('constructor'), Buffer.of(0)]),
      Buffer.concat([Buffer.from('constructos'), Buffer.alloc(7_000, 0x81), Buffer.of(0)]),
    ]) {
      const made = new Blocks()
      const plain = {
        version: 3,
        did: OWNER,
        data: commit,
        rev: REV,
        prev: null,
        sig: toBytes(new Uint8Array(64)),
      }
      const bytes = Buffer.from(encode({ ...plain, constructor_: 0 }))
      const name = Buffer.from('constructor_')
      const at = bytes.indexOf(name)
      const root = made.addBytes(
        Buffer.concat([
          bytes.subarray(0, at - 1),
          Buffer.of(0x6b),
          odd,
          bytes.subarray(at + name.length + 1),
        ]),
      )
      const file = fileOf(t, carOf(root, made.list))
      await assert.rejects(ownerOf(file), { refusal: 'malformed', message: /cannot be written again/ })
    }
    await assert.rejects(ownerOf(`${cut}.not`), { refusal: 'unreachable' })
    await assert.rejects(readSnapshotFile(`${cut}.not`, WANTED), { refusal: 'unreachable' })
  })
})
