// `npm run release -- 0.1.0`: checks that everything is ready for this version, and packs what would be published. It publishes
// nothing, and says what is left to do by hand.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writePackage } from './package.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const [version] = process.argv.slice(2)
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const versionIn = (path: string): unknown => (JSON.parse(read(path)) as { version: unknown }).version
const run = (program: string, args: string[], cwd = root): string =>
  execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()

if (version === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
  throw new Error('usage: npm run release -- <version>, such as 0.1.0')
}
const problems = [
  ...['package.json', 'package-lock.json', 'extension/package.json', 'extension/package-lock.json']
    .filter((path) => versionIn(path) !== version)
    .map((path) => `${path} has version ${versionIn(path)}`),
  ...(new RegExp(`^## ${version.replaceAll('.', '\\.')} \\(\\d{4}-\\d\\d-\\d\\d\\)$`, 'm').test(
    read('CHANGELOG.md'),
  )
    ? []
    : [`CHANGELOG.md has no heading "## ${version} (YYYY-MM-DD)"`]),
  ...(run('git', ['status', '--porcelain']) === '' ? [] : ['there are changes that are not committed']),
  ...(run('git', ['tag', '--list', `v${version}`]) === '' ? [] : [`there is a tag v${version} already`]),
]
if (problems.length > 0) {
  console.error(`not ready for ${version}:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
  process.exit(1)
}
writePackage(join(root, 'data/package'))
const tarball = run('npm', ['pack', './data/package', '--pack-destination', 'data', '--silent'])
console.log(`data/${tarball} is what would be published. With tests passed, these are left:
  git tag -a v${version} -m v${version} && git push --follow-tags
  npm publish data/${tarball}          (in CI, for its provenance)
  npm run build:extension              (and hand the zips in extension/.output to the stores)`)
