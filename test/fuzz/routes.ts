import assert from 'node:assert/strict'
import { connect } from 'node:net'
import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { builtInRoutes } from '../../src/api/routes/index.ts'
import type { Routes } from '../../src/api/routes/route.ts'
import { alice, bob } from '../api/harness.ts'

/** A method and an address as routes declare them, `/v1/characters/:actor`. */
export type Route = { method: string; url: string }

/** The routes of the program, and a list that they are noted in once they are added to an app. */
export function notedRoutes(): { routes: Routes[]; noted: Route[] } {
  const noted: Route[] = []
  const routes = builtInRoutes.map(
    (add): Routes =>
      (scope, parts) => {
        ;(scope as FastifyInstance).addHook('onRoute', ({ method, url }) => {
          for (const one of [method].flat()) noted.push({ method: one, url })
        })
        return add(scope, parts)
      },
  )
  return { routes, noted }
}

/** Where people are sent who sign in. */
export const SIGN_IN_AT = 'https://pds.example/authorize'
/** No page may show it as it is. */
const MARKUP = '"><script>fuzz</script><svg onload=fuzz>'
const HOSTILE_TEXTS = [
  ...[
    '',
    ' ',
    '.',
    '..',
    '../../etc/passwd',
    '%',
    '%00',
    '%ff',
    '%2e%2e%2f',
    '%0d%0aset-cookie:x=1',
    '\\',
    '//',
    '/',
  ],
  ...[
    '__proto__',
    'constructor',
    'null',
    'NaN',
    '-1',
    '0',
    '1e999',
    '9007199254740993',
    '-9223372036854775809',
  ],
  ...['did:plc:', 'did:web:127.0.0.1', 'did:web:localhost%3A8000', 'at://', '@', 'https://bsky.app/profile/'],
  ...[
    '=1+1',
    "' OR 1=1 --",
    '{{7*7}}',
    'true',
    '2026-W99',
    '2026-13',
    '0-0',
    'x'.repeat(2_050),
    'a.'.repeat(150),
  ],
  ...[alice, bob, 'alice.example', '@alice.example', '2023-W46', '2023-11', '10', 'week', 'png', MARKUP],
]
const PARAMETERS = [
  ...[
    'actors',
    'actor',
    'around',
    'cursor',
    'limit',
    'type',
    'since',
    'until',
    'after',
    'period',
    'q',
    'url',
    'format',
  ],
  ...[
    'theme',
    'size',
    'v',
    'sample',
    'state',
    'code',
    'iss',
    'error',
    'maxwidth',
    'tab',
    'page',
    'x',
    '__proto__',
    'a[]',
  ],
]
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  accept: ['*/*', 'text/html', 'application/json', 'text/event-stream', 'text/html;q=x', ','.repeat(500)],
  'accept-encoding': ['gzip', 'br;q=0', '*;q=-1', 'identity;q=0', ';;;'],
  authorization: ['Bearer a-token', 'Bearer b', 'Bearer', 'Basic Og==', 'Bearer \xff'],
  'content-encoding': ['gzip', 'br', 'x'],
  'content-type': [
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain',
    'multipart/form-data',
    '/',
    'application/json; charset=utf-7',
  ],
  cookie: ['session=x', '__Host-session=x; session=y', '=;=;', 'a'.repeat(4_000), 'session=\xff'],
  forwarded: ['for=127.0.0.1', 'for="[::1]";host=evil.example'],
  'if-none-match': ['*', '"x"', 'W/"', `"${'x'.repeat(2_000)}"`],
  'last-event-id': ['0', '-1', '1e999', 'x', '9007199254740993'],
  origin: ['https://evil.example', 'null', 'x'],
  range: ['bytes=0-', 'bytes=-1,0-0'],
  'sec-fetch-site': ['cross-site', 'same-origin', 'none'],
  'transfer-encoding': ['chunked', 'gzip'],
  'x-forwarded-for': ['127.0.0.1', 'x', '1.2.3.4, ::1', ','.repeat(100)],
  'x-forwarded-host': ['evil.example'],
  'x-forwarded-proto': ['https', 'javascript'],
  'x-http-method-override': ['DELETE'],
}
const HOSTS = [
  '127.0.0.1:8000',
  'evil.example',
  '127.0.0.1@evil.example',
  'x"><script>fuzz</script>',
  '][',
  '',
  'a'.repeat(500),
]
const DEEP = 30_000

export type Request = {
  route: number
  method: string | undefined
  texts: string[]
  query: { name: string; value: string }[]
  headers: [name: string, value: string][]
  host: string
  body: string | undefined
}

const text = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'binary', maxLength: 40 }))
const body = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      '{',
      'null',
      '[]',
      '{}',
      '{"actors":null}',
      '{"actors":[]}',
      `{"actors":["${alice}"]}`,
      '\xff\xfe',
    ],
    ...[
      '{"actors":[7,{}]}',
      '{"__proto__":{"actors":["x"]}}',
      '{"constructor":{"prototype":{}}}',
      'a=b&a=c&=&%',
    ],
    ...[`actor=${alice}`, 'token=x&wish=leave', `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`],
    `{"actors":${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}}`,
    `{"actors":[${`"${alice}",`.repeat(2_000)}"x"]}`,
  ),
  fc.json(),
  fc.string({ unit: 'binary' }),
)
const request: fc.Arbitrary<Request> = fc.record({
  route: fc.nat(),
  method: fc.option(fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND', 'TRACE'), {
    freq: 3,
    nil: undefined,
  }),
  texts: fc.array(text, { minLength: 2, maxLength: 2 }),
  query: fc.array(fc.record({ name: fc.oneof(fc.constantFrom(...PARAMETERS), text), value: text }), {
    maxLength: 4,
  }),
  headers: fc.array(
    fc
      .constantFrom(...Object.entries(HEADERS))
      .chain(([name, values]) => fc.constantFrom(...values).map((value): [string, string] => [name, value])),
    { maxLength: 4 },
  ),
  host: fc.oneof(
    { weight: 3, arbitrary: fc.constant('127.0.0.1:8000') },
    { weight: 1, arbitrary: fc.constantFrom(...HOSTS) },
  ),
  body: fc.option(body, { nil: undefined }),
})

/**
 * The property that whatever is asked of the server at `port` is answered: never with a fault of ours, always with the headers
 * that protect browsers, errors as problem documents or pages, and nothing of the request as markup or as another host's address.
 */
export function routesAnswer({ port, routes }: { port: number; routes: readonly Route[] }) {
  return fc.asyncProperty(request, async (one) => {
    const route = routes[one.route % routes.length] ?? assert.fail('no routes')
    const method = one.method ?? route.method
    const bytes = written(method, route.url, one)
    const answer = await exchange(port, bytes)
    if (answer !== undefined) assertAnswer(method, answer)
    // A stream of events whose request turns out to be none is closed before its first event.
    else assert.ok(isChunked(one), `no answer to ${bytes.toString('latin1').slice(0, 2_000)}`)
  })
}

function written(method: string, url: string, { texts, query, headers, host, body }: Request): Buffer {
  let at = 0
  const path = url.replaceAll(/:\w+(\([^)]*\))?|\*/g, () =>
    encodeURIComponent(wellFormed(texts[at++ % texts.length])),
  )
  const search = query.map(({ name, value }) => `${escaped(name)}=${escaped(value)}`).join('&')
  const payload = Buffer.from(body ?? '', 'latin1')
  const chunked = isChunked({ headers })
  const lines = [
    `${method} ${path}${search === '' ? '' : `?${search}`} HTTP/1.1`,
    `host: ${host}`,
    'connection: close',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined || (chunked && payload.length % 2 === 0)
      ? []
      : [`content-length: ${payload.length}`]),
  ]
  return Buffer.concat([
    Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'),
    payload,
    ...(chunked ? [LAST_CHUNK] : []),
  ])
}

/** The bodies of these are no HTTP. */
function isChunked({ headers }: Pick<Request, 'headers'>): boolean {
  return headers.some(([name]) => name === 'transfer-encoding')
}

const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n')

/** Half of what needs escaping in a query is sent as it is, as browsers do not. */
function escaped(value: string | undefined): string {
  const whole = wellFormed(value)
  return /^[\x21-\x7e]*$/.test(whole) && !whole.includes('#') ? whole : encodeURIComponent(whole)
}

function wellFormed(value: string | undefined): string {
  return (value ?? '').toWellFormed()
}

type Answer = { status: number; headers: Map<string, string>; body: string; whole: boolean }

/**
 * Sends `bytes`, and reads until the server ends the answer; of an endless one, its head. `undefined` where the server closes the
 * connection without one.
 */
function exchange(port: number, bytes: Buffer): Promise<Answer | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer | undefined>()
  const socket = connect(port, '127.0.0.1').setTimeout(30_000)
  const received: Buffer[] = []
  const end = (whole: boolean): void => {
    socket.destroy()
    resolve(parsed(Buffer.concat(received).toString('latin1'), whole))
  }
  socket.on('data', (data: Buffer) => {
    received.push(data)
    const { headers } = parsed(Buffer.concat(received).toString('latin1'), false) ?? {}
    if (headers?.get('content-type')?.startsWith('text/event-stream')) end(false)
  })
  socket.on('end', () => end(true))
  socket.on('timeout', () =>
    reject(new Error(`nothing came for 30 s to ${bytes.toString('latin1').slice(0, 2_000)}`)),
  )
  // The server may close before it has read a body that it refuses.
  socket.on('error', () => end(true))
  socket.write(bytes)
  return promise
}

function parsed(text: string, whole: boolean): Answer | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers = new Map(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  )
  return { status: Number(first.split(' ')[1]), headers, body: text.slice(end + 4), whole }
}

function assertAnswer(method: string, { status, headers, body, whole }: Answer): void {
  const type = headers.get('content-type') ?? ''
  assert.ok(status >= 200 && (status < 500 || status === 501), `${status} ${body.slice(0, 500)}`)
  for (const [name, value] of [
    ['x-content-type-options', 'nosniff'],
    ['referrer-policy', 'no-referrer'],
    ['access-control-allow-origin', '*'],
    ['cross-origin-resource-policy', 'cross-origin'],
  ] as const) {
    assert.equal(headers.get(name), value, `${name} of ${status}`)
  }
  if (type.startsWith('text/html'))
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/)
  assert.equal(headers.get('access-control-allow-credentials'), undefined)
  // To this server alone.
  const location = headers.get('location')
  if (location !== undefined && location !== SIGN_IN_AT) assert.match(location, /^\/(?![/\\])/)
  // Browsers take nothing else for markup, with nosniff.
  const isMarkup = /^(text\/html|image\/svg)/.test(type) && !headers.has('content-encoding')
  if (isMarkup) assert.ok(!/<script>fuzz|<svg onload=fuzz/.test(body), body.slice(0, 2_000))
  assert.ok(!/^HTTP\/1\.1 /m.test(body), 'one answer alone')
  if (status >= 400 && method !== 'HEAD' && whole) assertProblem(status, type, headers, body)
}

function assertProblem(status: number, type: string, headers: Answer['headers'], body: string): void {
  if (type.startsWith('text/html')) return
  assert.match(type, /^application\/problem\+json/)
  if (headers.has('content-encoding') || headers.has('transfer-encoding')) return
  const problem = JSON.parse(Buffer.from(body, 'latin1').toString()) as Record<string, unknown>
  assert.deepEqual(Object.keys(problem).sort(), ['detail', 'error', 'status', 'title', 'type'])
  assert.equal(problem.status, status)
}
