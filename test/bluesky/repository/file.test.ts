import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { ownerOf, readSnapshotFile } from '../../../src/bluesky/repository/file.ts'
import { SNAPSHOT_LIMITS } from '../../../src/bluesky/repository/limits.ts'
import { BOTH, carOf, KEY, madeRepository, OWNER, pathsOf, recordOf } from './made-repository.ts'

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
    await assert.rejects(ownerOf(`${cut}.not`), { refusal: 'unreachable' })
    await assert.rejects(readSnapshotFile(`${cut}.not`, WANTED), { refusal: 'unreachable' })
  })
})
