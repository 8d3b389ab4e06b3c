// Checks that imports only point down, as in docs/architecture.md; part of `npm run check`. Biome checks that there are no
// cycles (noImportCycles).
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** What each part of src/ may import besides itself; `atproto` is below all of them. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  atproto: [],
  game: ['atproto'],
  jetstream: ['atproto'],
  bluesky: ['atproto', 'game'],
  store: ['atproto', 'game', 'at-home'],
  web: ['atproto', 'game', 'store'],
  pictures: ['atproto', 'bluesky'],
  ingest: ['atproto', 'game', 'store', 'jetstream', 'bluesky', 'throttle'],
  api: ['atproto', 'game', 'store', 'bluesky', 'web', 'pictures', 'throttle'],
  simulator: ['atproto', 'game'],
  log: [],
  'at-home': [],
  throttle: ['atproto'],
  config: ['atproto', 'game', 'store', 'jetstream', 'at-home'],
  commands: [
    'atproto',
    'game',
    'store',
    'jetstream',
    'bluesky',
    'ingest',
    'api',
    'simulator',
    'pictures',
    'log',
    'throttle',
    'config',
  ],
  main: ['commands', 'config'],
}

/** `src/game/decide/caps.ts` is part of `game`, `src/config.ts` of `config`. */
function partOf(file: string): string {
  const [, part = ''] = file.split(sep)
  return part.replace(/\.ts$/, '')
}

/** The files that `file` imports by a path. */
function importsOf(file: string): string[] {
  const source = readFileSync(join(ROOT, file), 'utf8')
  const paths = source.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*'(\.{1,2}\/[^']+\.ts)'/g)
  return [...paths].map(([, path = '']) => join(dirname(file), path))
}

const upward = globSync('src/**/*.ts', { cwd: ROOT }).flatMap((file) =>
  importsOf(file)
    .filter((imported) => {
      const [from, to] = [partOf(file), partOf(imported)]
      return from !== to && !MAY_IMPORT[from]?.includes(to)
    })
    .map((imported) => `${file} imports ${imported}`),
)
if (upward.length > 0) {
  console.error(`Imports must point down (docs/architecture.md); these do not:\n${upward.join('\n')}`)
  process.exitCode = 1
}
