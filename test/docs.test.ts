import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { configurationPage } from '../dev/configuration-page.ts'
import { LEVELS_AS_SENTENCE } from '../src/game/levels.ts'

const root = new URL('../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

test('the reference of settings is what `npm run config:docs` writes', () => {
  assert.equal(read('docs/configuration.md'), configurationPage(), 'run `npm run config:docs`')
})

test('the README tells levels as the game counts them', () => {
  assert.ok(read('README.md').replaceAll('\n', ' ').includes(LEVELS_AS_SENTENCE))
})

test('the rules that the docs show are the rules that are tested', () => {
  for (const file of ['test/game/follow-rule.ts', 'test/game/language-rule.ts']) {
    const tested = read(file).replace('../../src/game/rules/rule.ts', './rule.ts')
    assert.ok(read('docs/architecture.md').includes(tested.trim()), file)
  }
})

test('what the docs point to is there', () => {
  const pages = readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.replaceAll('\\', '/')}`)
  for (const file of ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...pages]) {
    for (const [, path = ''] of read(file).matchAll(/\]\(([^)#:]+)\)/g)) {
      assert.ok(existsSync(new URL(path, new URL(file, root))), `${file} points to ${path}`)
    }
    for (const [path] of read(file).matchAll(
      /(?<![\w./-])(?:src|test|docs|bench|dev|deploy|extension)\/[\w./-]+\.(?:ts|md|ya?ml)\b/g,
    )) {
      if (path !== 'src/game/rules/follow.ts')
        assert.ok(existsSync(new URL(path, root)), `${file} names ${path}`)
    }
  }
})

test('the files that the architecture names without their whole path are there', () => {
  const [apart = '', cluster = ''] = read('docs/architecture.md').split(/^## On a cluster$/m)
  const namedIn = (text: string) =>
    [...text.matchAll(/`((?:[\w-]+\/)*[\w-]+\.ts)`/g)].map(([, path = '']) => path)
  const isThere = (path: string, from: readonly string[]) =>
    path === 'src/game/rules/follow.ts' || from.some((base) => existsSync(new URL(base + path, root)))
  const whole = namedIn(apart).filter((path) => path.includes('/'))
  assert.deepEqual(
    whole.filter((path) => !isThere(path, ['', 'src/'])),
    [],
  )
  const ofCluster = namedIn(cluster)
  assert.ok(ofCluster.length > 0)
  assert.deepEqual(
    ofCluster.filter((path) => !isThere(path, ['', 'src/store/cql/'])),
    [],
  )
})
