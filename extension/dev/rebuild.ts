// What a reviewer of Firefox's does: `npm run rebuild`, after `npm run zip`. It unpacks the zip of the sources in a bare folder, builds
// from it as store/listing.md says, and compares the zips byte for byte. It needs `unzip`, and npm's registry.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const built = fileURLToPath(new URL('../.output/', import.meta.url))
const zips = readdirSync(built).filter((name) => name.endsWith('.zip'))
const sources = zips.find((name) => name.endsWith('-sources.zip'))
if (sources === undefined) throw new Error('there is no zip of the sources: `npm run zip` makes it')

const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-rebuild-'))
try {
  const run = (program: string, ...args: string[]): void => {
    execFileSync(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  }
  run('unzip', '-q', join(built, sources))
  run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund')
  run('npm', 'run', 'zip')
  for (const name of zips) {
    const isSame = readFileSync(join(built, name)).equals(readFileSync(join(folder, '.output', name)))
    console.log(`${name}: ${isSame ? 'the same' : 'another'}`)
    if (!isSame) process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
