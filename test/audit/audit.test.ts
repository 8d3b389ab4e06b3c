// The audit, with the real npm and a registry of our own that has an advisory.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { compare, ended, exceptionsIn } from '../../dev/audit/exceptions.ts'
import { AuditUnavailableError, type Finding, findingsIn } from '../../dev/audit/report.ts'
import { folder } from '../e2e/harness.ts'

const MAIN = fileURLToPath(new URL('../../dev/audit/main.ts', import.meta.url))
const EXCEPTIONS = new URL('../../dev/audit/exceptions.json', import.meta.url)
const ADVISORY = {
  id: 1001,
  url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
  title: 'Reads the whole disk',
  severity: 'high',
  vulnerable_versions: '<2.0.0',
}
const FINDING: Finding = {
  advisory: 'GHSA-aaaa-bbbb-cccc',
  package: 'weak',
  severity: 'high',
  title: ADVISORY.title,
  url: ADVISORY.url,
}
const EXCEPTION = {
  folder: '.',
  advisory: FINDING.advisory,
  package: 'weak',
  why: 'It runs in tests alone, on files that we made.',
  until: '2999-12-31',
}

type Answer = { status: number; advisories: object }

/** A registry that has one package, and answers audits as it is told. */
async function registry({ status, advisories }: Answer): Promise<Server> {
  const version = { name: 'weak', version: '1.0.0', dist: { tarball: 'http://127.0.0.1/weak.tgz' } }
  const server = createServer((request, response) => {
    const isAudit = request.method === 'POST'
    response.writeHead(isAudit ? status : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(isAudit ? advisories : { name: 'weak', versions: { '1.0.0': version } }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

/** Runs the audit of a project that depends on weak 1.0.0. */
async function audit(answer: Answer, exceptions: object[], flags: string[] = []) {
  using place = folder()
  await using server = await registry(answer)
  const project = { name: 'ours', version: '1.0.0', dependencies: { weak: '1.0.0' } }
  const packages = { '': project, 'node_modules/weak': { version: '1.0.0' } }
  mkdirSync(place.path('app'))
  writeFileSync(place.path('app/package.json'), JSON.stringify(project))
  const lock = { name: 'ours', version: '1.0.0', lockfileVersion: 3, requires: true, packages }
  writeFileSync(place.path('app/package-lock.json'), JSON.stringify(lock))
  writeFileSync(place.path('exceptions.json'), JSON.stringify(exceptions))
  const { port } = server.address() as AddressInfo
  const args = ['app', '--root', place.path(''), '--exceptions', place.path('exceptions.json'), ...flags]
  const env = {
    PATH: process.env.PATH,
    npm_config_registry: `http://127.0.0.1:${port}/`,
    npm_config_cache: place.path('cache'),
    npm_config_userconfig: place.path('npmrc'),
  }
  return await new Promise<{ code: number | string | null | undefined; output: string }>((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr }),
    )
  })
}

const WEAK: Answer = { status: 200, advisories: { weak: [ADVISORY] } }
const STRONG: Answer = { status: 200, advisories: {} }
const AWAY: Answer = { status: 405, advisories: {} }

suite('the audit by npm', () => {
  test('passes where there is no advisory', async () => {
    const { code, output } = await audit(STRONG, [])
    assert.equal(code, 0, output)
    assert.match(output, /app: 0 advisories, 0 exceptions/)
  })

  test('fails for an advisory, and names the package, the advisory and where to read', async () => {
    const { code, output } = await audit(WEAK, [])
    assert.equal(code, 1, output)
    assert.match(output, /app: GHSA-aaaa-bbbb-cccc \(high\) in weak: Reads the whole disk; https:/)
  })

  test('passes with an exception for it, and fails once the exception has ended or is not needed', async () => {
    const exception = { ...EXCEPTION, folder: 'app' }
    assert.equal((await audit(WEAK, [exception])).code, 0)
    const late = await audit(WEAK, [{ ...exception, until: '2020-01-01' }])
    assert.equal(late.code, 1)
    assert.match(late.output, /ended on 2020-01-01/)
    const needless = await audit(STRONG, [exception])
    assert.equal(needless.code, 1)
    assert.match(needless.output, /not needed/)
    const elsewhere = await audit(WEAK, [exception, { ...exception, folder: 'lib' }])
    assert.equal(elsewhere.code, 1)
    assert.match(elsewhere.output, /in no audited folder: lib/)
  })

  test('never passes in silence where the registry answers no audits', async () => {
    const strict = await audit(AWAY, [])
    assert.equal(strict.code, 2)
    assert.match(strict.output, /^NOT AUDITED/m)
    assert.match(strict.output, /app: 405 /)
    const allowed = await audit(AWAY, [], ['--allow-offline'])
    assert.equal(allowed.code, 0)
    assert.match(allowed.output, /^WARNING: NOT AUDITED/m)
    const late = { ...EXCEPTION, folder: 'app', until: '2020-01-01' }
    assert.equal((await audit(AWAY, [late], ['--allow-offline'])).code, 1, 'dates need no registry')
  })
})

suite('a report', () => {
  test('names each advisory once, and no package that only depends on another', () => {
    const cause = { ...ADVISORY, source: ADVISORY.id, name: 'weak', dependency: 'weak', range: '<2' }
    const unnamed = { ...cause, source: 7, url: 'https://example.test/7' }
    const report = {
      auditReportVersion: 2,
      vulnerabilities: {
        weak: { name: 'weak', via: [cause, cause, unnamed] },
        above: { name: 'above', via: ['weak'] },
      },
    }
    assert.deepEqual(findingsIn(JSON.stringify(report)), [
      FINDING,
      { ...FINDING, advisory: '7', url: 'https://example.test/7' },
    ])
  })

  test('that is none is an error, and another one than an audit that could not be had', () => {
    for (const output of ['', '<html>', 'null', '[]', '{"auditReportVersion":3,"vulnerabilities":{}}']) {
      assert.throws(() => findingsIn(output), { name: 'Error' }, output)
    }
    const odd = { auditReportVersion: 2, vulnerabilities: { weak: {} } }
    assert.throws(() => findingsIn(JSON.stringify(odd)), /does not say why it lists weak/)
    const failure = { error: { code: 'ENOTFOUND', summary: 'getaddrinfo' } }
    assert.throws(
      () => findingsIn(JSON.stringify(failure)),
      new AuditUnavailableError('ENOTFOUND getaddrinfo'),
    )
  })
})

suite('exceptions', () => {
  test('of ours can be read', () => {
    exceptionsIn(readFileSync(EXCEPTIONS, 'utf8'))
  })

  test('say where, which, why and until when, and nothing else', () => {
    assert.deepEqual(exceptionsIn(JSON.stringify([EXCEPTION])), [EXCEPTION])
    for (const [change, message] of [
      [{ why: undefined }, /no text "why"/],
      [{ why: 'it is fine' }, /does not say why/],
      [{ until: '2026-02-30' }, /expected a day/],
      [{ until: 'soon' }, /expected a day/],
      [{ folder: 7 }, /no text "folder"/],
      [{ untill: 'x' }, /unknown field "untill"/],
    ] as const) {
      assert.throws(() => exceptionsIn(JSON.stringify([{ ...EXCEPTION, ...change }])), message)
    }
    assert.throws(() => exceptionsIn('{}'), /expected a list/)
  })

  test('hold for their advisory in their package alone, up to their last day', () => {
    assert.deepEqual(compare([FINDING], [EXCEPTION]), [])
    assert.equal(compare([FINDING], [{ ...EXCEPTION, package: 'other' }]).length, 2)
    assert.equal(compare([{ ...FINDING, advisory: 'GHSA-dddd-eeee-ffff' }], [EXCEPTION]).length, 2)
    assert.deepEqual(ended([{ ...EXCEPTION, until: '2026-12-01' }], '2026-12-01'), [])
    assert.equal(ended([{ ...EXCEPTION, until: '2026-12-01' }], '2026-12-02').length, 1)
  })
})
