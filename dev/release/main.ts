// `npm run release -- 0.1.0`: checks that everything is ready for this version, and packs what would be published, with its bill of
// materials. It publishes nothing, and says what is left to do by hand. .github/workflows/release.yml runs it with `--tagged`, at
// the version's tag, and with `--repository`, the address that npm compares with the one that the package was built at.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writePackage } from './package.ts'
import { sbomOf } from './sbom.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tagged: { type: 'boolean', default: false }, repository: { type: 'string' } },
})
const [version] = positionals
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const versionIn = (path: string): unknown => (JSON.parse(read(path)) as { version: unknown }).version
const run = (program: string, args: string[], cwd = root): string =>
  execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()

if (version === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
  throw new Error('usage: npm run release -- <version> [--tagged] [--repository <url>], such as 0.1.0')
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
  ...tagProblems(),
]
if (problems.length > 0) {
  console.error(`not ready for ${version}:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
  process.exit(1)
}
writePackage(join(root, 'data/package'), { repository: values.repository })
const tarball = run('npm', ['pack', './data/package', '--pack-destination', 'data', '--silent'])
const sbom = tarball.replace(/\.tgz$/, '.cdx.json')
writeFileSync(join(root, 'data', sbom), `${JSON.stringify(sbomOf('bsky-rpg'), null, 2)}\n`)
console.log(`data/${tarball} is what would be published, data/${sbom} what it installs.`)
if (!values.tagged) {
  console.log(`With tests passed, these are left:
  npm run audit                        (where the registry answers audits)
  git tag -a v${version} -m v${version} && git push --follow-tags
                                       (publishes it from CI, with its provenance)
  npm run build:extension              (and hand the zips in extension/.output to the stores)`)
}

/** A version is tagged once. */
function tagProblems(): string[] {
  const tag = `v${version}`
  const tags = run('git', ['tag', ...(values.tagged ? ['--points-at', 'HEAD'] : ['--list', tag])]).split('\n')
  if (values.tagged) return tags.includes(tag) ? [] : [`the tag ${tag} is not here`]
  return tags.includes(tag) ? [`there is a tag ${tag} already`] : []
}
