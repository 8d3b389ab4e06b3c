import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { coverageOf } from '../../dev/fonts/coverage.ts'
import { type Face, Faces, fileOf, ownFaces } from '../../src/pictures/faces.ts'
import { facesFor, familiesFor } from '../../src/pictures/stack.ts'

const folder = new URL('../../src/pictures/fonts/', import.meta.url)
const listed = JSON.parse(readFileSync(new URL('faces.json', folder), 'utf8')) as { faces: Face[] }

test('the list has every font file, with the code points that it has glyphs for', () => {
  const files = globSync('**/*.woff2', { cwd: fileURLToPath(folder) }).map((file) =>
    file.replaceAll('\\', '/'),
  )
  assert.deepEqual(files.sort(), listed.faces.map(({ file }) => file).sort())
  let bytes = 0
  for (const face of listed.faces) {
    const file = readFileSync(fileOf(face))
    bytes += file.length
    assert.deepEqual(coverageOf(file).flat(), face.ranges, face.file)
  }
  assert.ok(bytes < 9_000_000, `${bytes} bytes`)
})

test('a code point has the faces in whose ranges it lies', () => {
  const face = (ranges: number[]): Face => ({ family: 'A', weight: 400, file: ranges.join(), ranges })
  const [one, two] = [face([0x20, 0x7e, 0xa0, 0xa0, 0x3ff, 0x401]), face([0x7e, 0x7e, 0x1f600, 0x1f64f])]
  const faces = new Faces({ version: '', faces: [one, two] })
  const of = (...codePoints: number[]) => codePoints.map((codePoint) => faces.of(codePoint))
  assert.deepEqual(of(0x20, 0x7d, 0xa0, 0x3ff, 0x400, 0x401), Array(6).fill([one]))
  assert.deepEqual(of(0x7e), [[one, two]])
  assert.deepEqual(of(0x1f600, 0x1f64f), [[two], [two]])
  assert.deepEqual(of(0, 0x1f, 0x7f, 0x9f, 0xa1, 0x3fe, 0x402, 0x1f650, 0x10ffff), Array(9).fill([]))
})

test('Chinese characters are drawn as in Japanese, unless the name says otherwise', () => {
  const [, first] = familiesFor('山田太郎', 'serif', ownFaces())
  assert.equal(first, 'Noto Sans JP')
  assert.equal(familiesFor('대한民國', 'serif', ownFaces())[1], 'Noto Sans KR')
  assert.equal(familiesFor('张伟们', 'serif', ownFaces())[1], 'Noto Sans SC')
})

test('emoji are coloured, and digits beside them are plain', () => {
  assert.deepEqual(familiesFor('Ann 3 ☕', 'serif', ownFaces()).slice(0, 2), ['Alegreya', 'Twemoji'])
  assert.notEqual(familiesFor('Ann 3 ★', 'serif', ownFaces())[1], 'Twemoji')
})

test('a text needs few files: its own scripts, and no others', () => {
  const needed = (text: string): string[] => {
    const families = familiesFor(text, 'serif', ownFaces())
    return [...facesFor(text, families, ownFaces())].map(({ file }) => file.split('/')[0] ?? '')
  }
  assert.deepEqual(needed('Cedar Dale'), ['alegreya'])
  assert.deepEqual(needed('Cedar 🦋').sort(), ['alegreya', 'twemoji'])
  assert.deepEqual(new Set(needed('桜の木 abc')), new Set(['alegreya', 'noto-sans-jp']))
  assert.ok(needed('桜の木').length <= 5)
})
