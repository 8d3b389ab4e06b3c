import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { test } from 'node:test'
import { variables } from '../src/config/variables.ts'
import { ConfigError, flagOf, readInvocation } from '../src/config.ts'
import { folder } from './e2e/harness.ts'

const wrong: Record<keyof typeof variables, string[]> = {
  DATABASE_URL: [
    'postgres://x',
    'sqlite:',
    'sqlite::memory:',
    'ledger.db',
    'cql://',
    'cql://host',
    'cql://a:1,b c/ks',
    'cql://h:65536/ks',
    'cql://a,[::1]:0/ks',
    'cql://h/KS',
    'cql://h/ks?x=1',
    'cql://h/ks?tls=1',
    'cql://h/ks?consistency=any',
    'cql://h/ks?consistency=one',
    'cql://h/ks?consistency=LOCAL_ONE',
  ],
  JETSTREAM_URLS: ['https://x', ',', 'nonsense', 'wss://host/subscibe', 'wss://host/subscribe#x'],
  APPVIEW_URL: ['ftp://x', 'x'],
  PLC_URL: ['nope'],
  HOST: ['a b', 'x/y'],
  PORT: ['-1', '65536', '80a', '1e3'],
  DIDS: ['alice', 'did:plc:a b', '@/no/such/file'],
  TRACK: ['like', 'app.bsky'],
  RULES: ['/no/such/file.json'],
  BASELINE: ['on'],
  IMPORT: ['everybody', 'on'],
  EVENTS_RETENTION: ['30', 'never', '-1d'],
  COMPRESSION: ['gzip'],
  JETSTREAM_V1_DICTIONARY: ['/no/such/file'],
  READY_LAG: ['fast', '1.5s'],
  BOARDS: ['calm'],
  RANK_REFRESH: ['60'],
  RATE_LIMIT: ['0', '-5', 'many'],
  DISK_RESERVE: ['some', '1.5GB'],
  CACHE_DIR: ['a\0b'],
  CACHE_SIZE: ['some', '-1'],
  SHARDS: ['0', '2000', 'few'],
  REPLICATION: ['0', '10', 'all'],
  ADMIN_TOKEN: ['short'],
  METRICS_PUBLIC: ['yes'],
  METRICS_PORT: ['-1', '99999'],
  TRUST_PROXY: ['proxy.example', '10.0.0.0/x', '10.0.0.0/33', '0.0.0.0/0', '::/129', '10.0.0.0/8/8'],
  PUBLIC_URL: ['example.com'],
  CONTACT: ['two\nlines', 'x'.repeat(201)],
  START: ['now', '2026', '2026-02-30T00:00', '2026-13-01', '12:00'],
  LOG_LEVEL: ['loud'],
  LOG_FORMAT: ['xml'],
}

for (const [name, values] of Object.entries(wrong)) {
  test(`${name} says in one line what came and what is expected`, () => {
    for (const value of values) {
      assert.throws(
        () => readInvocation([], { [name]: value }),
        (error) => {
          assert.ok(error instanceof ConfigError)
          assert.match(error.message, new RegExp(`^${name} is .*; expected .`, 's'))
          assert.ok(!error.message.includes('\n'), error.message)
          const shown = value.split(/[?#]/)[0] ?? ''
          if (name !== 'ADMIN_TOKEN') assert.ok(error.message.includes(JSON.stringify(shown).slice(1, -1)))
          else assert.ok(!error.message.includes(value), 'a secret is not told')
          return true
        },
      )
    }
  })
}

test('flags win over the environment, which wins over the defaults', () => {
  const { config } = readInvocation(['--port', '9000'], { PORT: '9001', HOST: '0.0.0.0', LOG_LEVEL: '' })
  assert.deepEqual([config.PORT, config.HOST, config.LOG_LEVEL], [9000, '0.0.0.0', 'info'])
})

test('a start is the tip, the oldest, or a time', () => {
  const read = (text: string) => readInvocation([], { START: text }).config.START
  assert.equal(readInvocation([], {}).config.START, 'tip')
  assert.equal(read('oldest'), 'oldest')
  assert.equal(read('2026-01-31'), Date.UTC(2026, 0, 31) * 1_000)
  assert.equal(read('2026-01-31T12:00:00.5+01:00'), Date.UTC(2026, 0, 31, 11) * 1_000 + 500_000)
})

test('every variable is a flag of the same name', () => {
  for (const name of Object.keys(variables)) assert.match(flagOf(name), /^[a-z0-9-]+$/)
  assert.throws(() => readInvocation(['--prot', '1'], {}), /--prot.*--help/s)
})

test('rules come from a file, and a mistake in it is told', () => {
  using here = folder()
  const path = here.path('rules.json')
  const read = (content: string) => {
    writeFileSync(path, content)
    return readInvocation([], { RULES: path }).config.RULES
  }
  assert.equal(read('{"points": {"like": 5}}')?.points.like, 5)
  for (const bad of [
    '{',
    '[]',
    '{"point": {}}',
    '{"points": {"like": "5"}}',
    '{"points": {"likes": 5}}',
    '{"titles": [1]}',
  ]) {
    assert.throws(() => read(bad), ConfigError)
  }
})

test('people come from a file, one a line, comments apart', () => {
  using here = folder()
  const path = here.path('people')
  writeFileSync(path, '# friends\ndid:web:a.example\n\ndid:web:b.example\n')
  assert.deepEqual(readInvocation([], { DIDS: `@${path}` }).config.DIDS, [
    'did:web:a.example',
    'did:web:b.example',
  ])
})

const ADDRESSES = [
  'cql://bsky:S3cretPw@host:abc/ks',
  'cql://bsky:S3/cretPw@host/ks',
  'cql://bsky:S3@cretPw@host/ks',
  'cql:/bsky:S3cretPw@host/ks',
  'cql//bsky:S3cretPw@host/ks',
  'postgres://bsky:S3cretPw@host/ks',
  ' cql://bsky:S3cretPw@host/ks',
  'cql://bsky:S3cretPw@host/KS',
  'cql://bsky:S3%cretPw@host/ks',
  'cql://bsky:S3cretPw@host/ks?tsl=true',
  'cql://:S3cretPw@host:1:2/ks',
  'cql://S3cretPw@host:abc/ks',
  'scylla+cql://bsky:S3cretPw@host/ks',
  'ftp://bsky:S3cretPw@host',
  'wss://bsky:S3cretPw@host/nowhere',
  'S3cretPw@host',
]

for (const name of ['DATABASE_URL', 'JETSTREAM_URLS', 'APPVIEW_URL', 'PLC_URL', 'PUBLIC_URL'] as const) {
  test(`no password of a wrong ${name} is printed, and its host is`, () => {
    for (const value of ADDRESSES) {
      assert.throws(
        () => readInvocation([], { [name]: value }),
        (error) => {
          assert.ok(error instanceof ConfigError)
          assert.ok(!/S3|cretPw/.test(error.message), error.message)
          assert.match(error.message, /\*\*\*@host/)
          return true
        },
        `${name}=${value}`,
      )
    }
  })
}

test('of what follows an address, a message tells that it is there and no more', () => {
  for (const [value, shown] of [
    ['wss://host/subscribe#S3cret', 'wss://host/subscribe#***'],
    ['wss://host/subscribe?cursor=S3cret#x', 'wss://host/subscribe?***'],
  ] as const) {
    assert.throws(
      () => readInvocation([], { JETSTREAM_URLS: value }),
      (error) => error instanceof ConfigError && error.message.endsWith(`; "${shown}" is not one`),
    )
  }
})

test('a file may begin with a byte order mark, and a home folder may be written as ~', () => {
  using here = folder()
  const path = here.path('rules.json')
  writeFileSync(path, '\ufeff{"points": {"like": 5}}')
  assert.equal(readInvocation([], { RULES: path }).config.RULES?.points.like, 5)
  const { DATABASE_URL } = readInvocation([], { DATABASE_URL: 'sqlite:~/ledger.db' }).config
  assert.deepEqual(DATABASE_URL, { driver: 'sqlite', path: `${homedir()}/ledger.db` })
})

test('remarks may stand behind people, in a file and in a list', () => {
  using here = folder()
  const path = here.path('people')
  writeFileSync(path, '\ufeffdid:web:a.example # Ann, a friend\r\n# nobody\r\ndid:web:b.example\t#x\r\n')
  const expected = ['did:web:a.example', 'did:web:b.example']
  assert.deepEqual(readInvocation([], { DIDS: `@${path}` }).config.DIDS, expected)
  assert.deepEqual(
    readInvocation([], { DIDS: 'did:web:a.example, did:web:b.example # both' }).config.DIDS,
    expected,
  )
})
