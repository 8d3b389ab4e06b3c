// The examples for nginx and Caddy, each in the real program in front of a real server. Only addresses and certificates are others.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { NO_FAULTS } from '../../src/simulator/faults.ts'
import { Network } from '../../src/simulator/network.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { flagsFor, folder, freePort, Program, Running, servedAt, until } from '../e2e/harness.ts'
import { ROOT } from './image.ts'

type Proxy = {
  name: string
  program: string
  start: (folder: string, port: number, server: URL) => Running
}

const LIMIT = 40
const PROXIES: readonly Proxy[] = [
  {
    name: 'nginx',
    program: '/usr/sbin/nginx',
    start(at, port, server) {
      const site = readFileSync(join(ROOT, 'deploy/nginx/bsky-rpg.conf'), 'utf8')
        .replace(/^server \{\n {4}listen 80;[\s\S]*?^\}\n/m, '')
        .replace(/^ {4}listen 443 .*$/m, `    listen 127.0.0.1:${port};`)
        .replace(/^ {4}(listen \[::\]|ssl_certificate).*\n/gm, '')
        .replace('127.0.0.1:8000', server.host)
      mkdirSync(join(at, 'logs'))
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `${name}_temp_path ${at}/${name};`,
      )
      writeFileSync(
        join(at, 'nginx.conf'),
        `daemon off; pid ${at}/pid; error_log stderr; events {}\nhttp { access_log off; ${paths.join(' ')}\n${site}}`,
      )
      return new Running(this.program, ['-p', at, '-c', join(at, 'nginx.conf')], { env: {} })
    },
  },
  {
    name: 'Caddy',
    program: '/usr/bin/caddy',
    start(at, port, server) {
      const site = readFileSync(join(ROOT, 'deploy/caddy/Caddyfile'), 'utf8')
        .replace(/^rpg\.example \{$/m, `http://127.0.0.1:${port} {`)
        .replace('127.0.0.1:8000', server.host)
      writeFileSync(join(at, 'Caddyfile'), `{\n\tadmin off\n\tgrace_period 1s\n}\n${site}`)
      return new Running(this.program, ['run', '--config', join(at, 'Caddyfile'), '--adapter', 'caddyfile'], {
        env: { PATH: process.env.PATH, HOME: at },
      })
    },
  },
]

for (const example of PROXIES) {
  const { name, program } = example
  suite(`behind ${name}`, {
    // CI installs both: there their lack is a failure.
    skip: existsSync(program) || process.env.CI !== undefined ? false : `${name} is not installed`,
    concurrency: false,
  }, () => {
    const stack = new AsyncDisposableStack()
    let simulator: Simulator
    let url: string

    before(async () => {
      const here = stack.use(folder())
      const network = new Network({
        seed: 4,
        actors: 60,
        start: Date.now() * 1000,
        step: 10_000,
        mix: 'everything',
      })
      simulator = stack.use(await startSimulator({ network, seed: 4, faults: NO_FAULTS }))
      const flags = [
        ...flagsFor(simulator, here.path('ledger.db')),
        '--trust-proxy',
        '127.0.0.1',
        '--rate-limit',
        String(LIMIT),
      ]
      const server = new URL(await servedAt(stack.use(new Program(['start', ...flags]))))
      const port = await freePort()
      mkdirSync(here.path('proxy'))
      const proxy = stack.use(example.start(here.path('proxy'), port, server))
      // Ended like this it ends its workers, too.
      stack.defer(async () => void (await proxy.kill('SIGTERM')))
      url = `http://127.0.0.1:${port}`
      await until('the proxy passes on', () => {
        assert.ok(!proxy.hasEnded, `${name} has ended: ${proxy.output}`)
        return fetch(`${url}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        )
      })
    })
    after(() => stack.disposeAsync())

    test('events come as they happen, and pages compressed', async () => {
      const stop = new AbortController()
      const stream = await fetch(`${url}/v1/stream`, { signal: stop.signal })
      assert.match(stream.headers.get('content-type') ?? '', /text\/event-stream/)
      const reader = (stream.body ?? assert.fail('there is no body')).getReader()
      simulator.emit(300)
      const decoder = new TextDecoder()
      let text = ''
      while (!text.includes('data:')) {
        const { done, value } = await reader.read()
        assert.ok(!done, 'the stream has ended')
        text += decoder.decode(value, { stream: true })
      }
      stop.abort()
      const encoding = await encodingOf(`${url}/v1/rules`)
      assert.match(encoding ?? '', /^(br|gzip|zstd)$/)
    })

    test('operators’ numbers are not for those who come through it', async () => {
      assert.equal((await fetch(`${url}/metrics`)).status, 404)
    })

    test('a client cannot be another by what it says of itself', async () => {
      let last = 0
      for (let n = 0; n < LIMIT * 2 && last !== 429; n++) {
        last = (await fetch(`${url}/v1/rules`, { headers: { 'x-forwarded-for': `198.51.100.${n}` } })).status
      }
      assert.equal(last, 429)
    })
  })
}

function encodingOf(url: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { 'accept-encoding': 'gzip, br' } }, (response) => {
      response.resume()
      resolve(response.headers['content-encoding'])
    })
      .on('error', reject)
      .end()
  })
}
