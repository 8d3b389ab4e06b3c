// What is published: packed, installed in a bare folder, and run there.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { writePackage } from '../../dev/release/package.ts'
import { sbomOf } from '../../dev/release/sbom.ts'
import { version } from '../../src/commands/version.ts'
import { flagsFor, folder, Running, said, servedAt, startNetwork, until } from '../e2e/harness.ts'

/** Has Node take itself for one of `version`, and fail as one if it is given the program all the same. */
function asNode(version: string): string {
  return `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from 'node:module'
    Object.defineProperty(process.versions, 'node', { value: '${version}' })
    registerHooks({
      resolve(name, context, next) {
        if (name.includes('src/main')) throw new Error('this Node is too old')
        return next(name, context)
      },
    })
  `)}`
}

/** Versions that lack some of what the program uses. */
const OLD_NODES = ['20.19.0', '24.11.0', '25.2.0'].map(asNode)
const [OLD = ''] = OLD_NODES

suite('the package', { concurrency: false }, () => {
  const stack = new DisposableStack()
  let program: string
  let path: (name: string) => string
  let packed: string[]

  before(() => {
    path = stack.use(folder()).path
    writePackage(path('package'), { repository: 'https://git.example/somebody/bsky-rpg' })
    const [report] = JSON.parse(
      execFileSync('npm', ['pack', './package', '--json'], { cwd: path(''), encoding: 'utf8' }),
    ) as { filename: string; files: { path: string }[] }[]
    assert.ok(report)
    packed = report.files.map((file) => file.path)
    writeFileSync(path('package.json'), '{}')
    // What npm says is in the error where it fails.
    execFileSync('npm', ['install', `./${report.filename}`, '--no-audit', '--no-fund', '--prefer-offline'], {
      cwd: path(''),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    program = path('node_modules/.bin/bsky-rpg')
  })
  after(() => stack.dispose())

  test('has the program, its licences, and nothing else', () => {
    for (const name of ['bin/bsky-rpg.js', 'src/main.js', 'LICENSE', 'NOTICE', 'README.md', 'CHANGELOG.md']) {
      assert.ok(packed.includes(name), name)
    }
    assert.deepEqual(
      packed.filter(
        (name) => !/^(bin|src)\/|^[A-Z]+(\.md)?$|^package\.json$/.test(name) || name.endsWith('.ts'),
      ),
      [],
    )
  })

  test('runs, on a Node that is too old by the Node that it brings', () => {
    const plain = spawnSync(process.execPath, [program, '--version'], { encoding: 'utf8' })
    assert.deepEqual([plain.status, plain.stdout.trim()], [0, version()])
    for (const node of OLD_NODES) {
      const old = spawnSync(process.execPath, ['--import', node, program, '--version'], { encoding: 'utf8' })
      assert.deepEqual([old.status, old.stdout.trim()], [0, version()], old.stderr)
    }
    const wrong = spawnSync(process.execPath, ['--import', OLD, program, 'start', '--port', 'x'], {
      encoding: 'utf8',
    })
    assert.equal(wrong.status, 2)
  })

  test('serves pages, counts what comes, and ends on a signal, by the Node that it brings', async () => {
    await using simulator = await startNetwork({ seed: 6, actors: 50 })
    const flags = ['start', ...flagsFor(simulator, path('ledger.db'))]
    await using running = new Running(process.execPath, ['--import', OLD, program, ...flags], {
      env: { PATH: process.env.PATH, LOG_FORMAT: 'json' },
    })
    const url = await servedAt(running)
    // The API may be there before ingest, which begins with what comes after it has connected.
    await said(running, /listening to/)
    simulator.emit(300)
    await until('it counts', async () => {
      const stats = (await (await fetch(`${url}/v1/stats`)).json()) as { characters: number }
      return stats.characters > 0
    })
    const page = await (await fetch(url)).text()
    const [style = ''] = /\/assets\/base\.[^"]+\.css/.exec(page) ?? []
    assert.equal((await fetch(url + style)).status, 200)
    assert.equal(await running.kill('SIGTERM'), 0, running.output)
  })

  test('installs nothing that its bill of materials does not list', () => {
    const { packages } = JSON.parse(readFileSync(path('node_modules/.package-lock.json'), 'utf8'))
    const listed = new Set(sbomOf('bsky-rpg').components.map(({ name }) => name))
    const installed = Object.keys(packages).map((place) => place.replace(/^.*node_modules\//, ''))
    assert.ok(installed.length > 50)
    assert.deepEqual(
      installed.filter((name) => name !== 'bsky-rpg' && !listed.has(name)),
      [],
    )
  })

  test('names the repository that it was built from, and may be published with its provenance alone', () => {
    const manifest = JSON.parse(readFileSync(path('package/package.json'), 'utf8'))
    assert.deepEqual(manifest.repository, {
      type: 'git',
      url: 'git+https://git.example/somebody/bsky-rpg.git',
    })
    assert.deepEqual(manifest.publishConfig, { access: 'public', provenance: true })
    assert.equal(manifest.private, undefined)
    assert.equal(manifest.scripts, undefined, 'nothing runs when it is installed')
  })

  test('says in NOTICE whose works are in it', () => {
    const notice = readFileSync(path('node_modules/bsky-rpg/NOTICE'), 'utf8')
    assert.match(notice, /Open Font License/)
  })
})
