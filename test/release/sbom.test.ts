import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { sbomOf } from '../../dev/release/sbom.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

type Locked = {
  version: string
  dev?: boolean
  integrity?: string
  hasInstallScript?: boolean
  dependencies?: Record<string, string>
}

/** Every package in the lock file, in each of its places, but for our own. */
function locked(): [name: string, Locked][] {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> }
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, entry]) => [path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length), entry])
}

test('the bill of materials lists all that a release installs, with version, licence and hash, and no tools', () => {
  const { bomFormat, specVersion, metadata, components, dependencies } = sbomOf('bsky-rpg')
  assert.deepEqual([bomFormat, specVersion], ['CycloneDX', '1.5'])
  const { name, version, purl, licenses } = metadata.component
  const own = JSON.parse(read('package.json')) as { version: string; dependencies: Record<string, string> }
  assert.deepEqual([name, version, purl], ['bsky-rpg', own.version, `pkg:npm/bsky-rpg@${own.version}`])
  assert.deepEqual(licenses, [{ license: { id: 'MIT' } }])

  const listed = new Set(components.map((one) => `${one.name}@${one.version}`))
  assert.equal(listed.size, components.length)
  for (const [dependency, wanted] of Object.entries(own.dependencies)) {
    assert.ok(listed.has(`${dependency}@${wanted}`), dependency)
  }
  const names = new Set(components.map((one) => one.name))
  const all = locked()
  for (const one of listed) {
    const places = all.filter(([name, { version }]) => `${name}@${version}` === one)
    assert.ok(
      places.some(([, { dev }]) => dev !== true),
      `${one} is for development`,
    )
    for (const [, { dependencies: needed = {} }] of places) {
      for (const name of Object.keys(needed)) assert.ok(names.has(name), `${one} needs ${name}`)
    }
  }
  for (const tool of ['typescript', 'playwright-core', '@biomejs/biome', 'fast-check'])
    assert.ok(!names.has(tool))

  for (const component of components) {
    const [{ license, expression } = {}] = component.licenses ?? []
    assert.ok(license?.id ?? license?.name ?? expression, `${component.name} has no licence`)
    assert.match(component.purl, /^pkg:npm\//)
    assert.equal(component.hashes?.[0]?.alg, 'SHA-512', component.name)
  }
  const ours = dependencies.find(({ ref }) => ref === metadata.component['bom-ref'])
  const { optionalDependencies } = JSON.parse(read('package.json'))
  const direct = { ...own.dependencies, ...optionalDependencies }
  assert.deepEqual(
    ours?.dependsOn.toSorted(),
    Object.entries(direct)
      .map(([name, wanted]) => `${name}@${wanted}`)
      .sort(),
  )
  const refs = new Set(dependencies.map(({ ref }) => ref))
  for (const { dependsOn } of dependencies) for (const ref of dependsOn) assert.ok(refs.has(ref), ref)
})

test('every package has a hash, and none that a release installs runs a script at installation', () => {
  for (const [name, { integrity = '', dev, hasInstallScript }] of locked()) {
    assert.match(integrity, /^sha512-/, name)
    assert.ok(dev === true || hasInstallScript !== true, `${name} runs a script`)
  }
})

test('the workflow of a release may publish and nothing else, and runs only actions that cannot change', () => {
  const { on, permissions, jobs } = parse(read('.github/workflows/release.yml'))
  assert.deepEqual(Object.keys(on), ['push'])
  assert.deepEqual(permissions, {})
  const { publish, ...others } = jobs
  assert.deepEqual(others, {})
  assert.deepEqual(publish.permissions, { contents: 'write', 'id-token': 'write' })
  const steps = publish.steps as { uses?: string; run?: string }[]
  for (const { uses } of steps) if (uses !== undefined) assert.match(uses, /^actions\/[a-z-]+@[0-9a-f]{40}$/)
  const runs = steps.map(({ run = '' }) => run)
  // What a tag is called goes into a shell by its environment only.
  for (const run of runs) assert.ok(!run.includes('${{'), run)
  const order = ['npm ci', 'npm run --silent audit', 'npm run release', 'npm publish'].map((begin) =>
    runs.findIndex((run) => run.startsWith(begin)),
  )
  assert.ok(
    order.every((at, n) => at > (order[n - 1] ?? -1)),
    String(order),
  )
  // Without ./ npm takes a path with one slash for a repository on GitHub.
  assert.match(runs[order.at(-1) ?? -1] ?? '', /^npm publish "\.\/.* --provenance$/)
})
