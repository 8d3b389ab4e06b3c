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

test('the rule that the docs show is the rule that is tested', () => {
  const tested = read('test/game/follow-rule.ts').replace('../../src/game/rules/rule.ts', './rule.ts')
  assert.ok(read('docs/architecture.md').includes(tested.trim()))
})

test('what the docs point to is there', () => {
  const pages = readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.replaceAll('\\', '/')}`)
  for (const file of ['README.md', 'CONTRIBUTING.md', ...pages]) {
    for (const [, path = ''] of read(file).matchAll(/\]\(([^)#:]+)\)/g)) {
      assert.ok(existsSync(new URL(path, new URL(file, root))), `${file} points to ${path}`)
    }
    for (const [, path = ''] of read(file).matchAll(/`((?:src|test|docs|bench)\/[\w./-]+\.(?:ts|md))`/g)) {
      if (path !== 'src/game/rules/follow.ts')
        assert.ok(existsSync(new URL(path, root)), `${file} names ${path}`)
    }
  }
})
