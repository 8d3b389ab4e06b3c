// `npm run fonts -- <node_modules>` copies the subsets of fonts that cards are drawn with from npm packages
// (@fontsource/..., twemoji-colr-font) into src/pictures/fonts, and lists the code points of each in faces.json. These
// packages are 230 MB, so they are no dependencies: install them in a folder of their own to bring fonts up to date.
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { coverageOf } from './coverage.ts'

const FONTS = fileURLToPath(new URL('../../src/pictures/fonts', import.meta.url))

/** Packages with the one weight of each that is used. */
const PACKAGES: readonly [name: string, weight: number][] = [
  ['alegreya', 700],
  ['inter', 500],
  ['noto-sans-jp', 700],
  ['noto-sans-kr', 700],
  ['noto-sans-sc', 700],
  ['noto-sans-arabic', 600],
  ['noto-sans-hebrew', 600],
  ['noto-sans-thai', 600],
  ['noto-sans-devanagari', 600],
  ['noto-sans-armenian', 600],
  ['noto-sans-georgian', 600],
  ['noto-sans-bengali', 600],
  ['noto-sans-tamil', 600],
  ['noto-sans-symbols-2', 400],
]
/** Letters that every family repeats are taken from the first one only. */
const SHARED = /-(latin|latin-ext|vietnamese|cyrillic|cyrillic-ext|greek|greek-ext)-\d+-normal/
const WITH_LETTERS: ReadonlySet<string> = new Set(['alegreya', 'inter'])

const [modules] = process.argv.slice(2)
if (modules === undefined) throw new Error('name the node_modules with the fonts')
for (const folder of readdirSync(FONTS, { withFileTypes: true })) {
  if (folder.isDirectory()) rmSync(join(FONTS, folder.name), { recursive: true })
}
const hash = createHash('sha256')
const faces: { family: string; weight: number; file: string; ranges: number[] }[] = []

function take(path: string, family: string, weight: number, folder: string): void {
  const file = `${folder}/${basename(path)}`
  const bytes = readFileSync(path)
  hash.update(bytes)
  const ranges = coverageOf(bytes)
  mkdirSync(join(FONTS, folder), { recursive: true })
  copyFileSync(path, join(FONTS, file))
  faces.push({ family, weight, file, ranges: ranges.flat() })
}

for (const [name, weight] of PACKAGES) {
  const folder = join(modules, '@fontsource', name)
  const css = readFileSync(join(folder, `${weight}.css`), 'utf8')
  const family = /font-family: '([^']+)'/.exec(css)?.[1] ?? name
  for (const [, file = ''] of css.matchAll(/url\(\.\/files\/([^)]+\.woff2)\)/g)) {
    if (SHARED.test(file) && !WITH_LETTERS.has(name)) continue
    take(join(folder, 'files', file), family, weight, name)
  }
}
take(join(modules, 'twemoji-colr-font', 'twemoji.woff2'), 'Twemoji', 400, 'twemoji')
const version = hash.digest('base64url').slice(0, 12)
const lines = faces.map((face) => JSON.stringify(face)).join(',\n')
writeFileSync(join(FONTS, 'faces.json'), `{"version":"${version}","faces":[\n${lines}\n]}\n`)
