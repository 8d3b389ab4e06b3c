import { type CqlAddress, readAddress } from '../store/cql/address.ts'
import { withoutSecrets } from './hiding.ts'
import { rulesFile } from './rules-file.ts'
import {
  addresses,
  atHome,
  bytes,
  dids,
  duration,
  flag,
  jetstreamUrls,
  nsids,
  oneOf,
  origin,
  port,
  readBytes,
  start,
} from './values.ts'

/** One setting: an environment variable that is also a flag of the same name. */
export type Variable<T> = {
  /** What holds where neither is given, as text; `undefined` for nothing. */
  fallback: string | undefined
  /** How the default is told where its text would not do. */
  shown?: string
  meaning: string
  /** Never printed. */
  secret?: true
  /** Takes out what is not to be printed. */
  hide?: (text: string) => string
  /** @throws {Error} whose message is what was expected */
  parse: (text: string) => T
}

/** The public servers of both generations, nearest to the present first. */
const PUBLIC_JETSTREAM = [
  'wss://jetstream.us-east.bsky.network',
  'wss://jetstream.us-west.bsky.network',
  'wss://jetstream1.us-east.bsky.network/subscribe',
  'wss://jetstream2.us-east.bsky.network/subscribe',
  'wss://jetstream1.us-west.bsky.network/subscribe',
  'wss://jetstream2.us-west.bsky.network/subscribe',
].join(',')

/** Everything that can be set; `--help`, the reference in docs/ and the parser are made of this one table. */
export const variables = {
  DATABASE_URL: {
    fallback: 'sqlite:data/bsky-rpg.db',
    meaning:
      'where the ledger is: sqlite:path, or cql://user:password@host1,host2:9042/keyspace?dc=datacenter1&tls=true&ca=/path/to/ca.pem&consistency=local_quorum',
    hide: withoutSecrets,
    parse: databaseUrl,
  },
  JETSTREAM_URLS: {
    fallback: PUBLIC_JETSTREAM,
    shown: 'the public v2 hosts, then the v1 hosts',
    meaning:
      'servers to listen to, in the order to try; a path fixes the wire, without one the best is found',
    hide: withoutSecrets,
    parse: jetstreamUrls,
  },
  START: {
    fallback: 'tip',
    meaning:
      'where a new ledger begins in the stream: tip, oldest (all that the server keeps), or a time such as 2026-01-31T12:00:00Z',
    parse: start,
  },
  APPVIEW_URL: {
    fallback: 'https://public.api.bsky.app',
    meaning:
      'whom to ask about profiles and reposted posts; none: a network without an AppView, where the stream alone says who is shown',
    hide: withoutSecrets,
    parse: appview,
  },
  PLC_URL: {
    fallback: 'https://plc.directory',
    meaning: 'whom to ask where a repository is',
    hide: withoutSecrets,
    parse: origin,
  },
  HOST: { fallback: '127.0.0.1', meaning: 'address to serve on; 0.0.0.0 to share it', parse: host },
  PORT: { fallback: '8000', meaning: 'port to serve on; 0 takes a free one', parse: port },
  DIDS: {
    fallback: undefined,
    shown: 'everyone',
    meaning: 'only these people: comma-separated DIDs, or @file with one a line',
    parse: dids,
  },
  TRACK: { fallback: undefined, meaning: 'more collections to keep in timelines, at 0 XP', parse: nsids },
  RULES: {
    fallback: undefined,
    shown: 'the built-in table',
    meaning: 'a JSON file of other XP values, titles and daily caps',
    parse: rulesFile,
  },
  BASELINE: {
    fallback: 'off',
    meaning: 'posts: count posts from before this server, approximately, by what the profile says',
    parse: oneOf('off', 'posts'),
  },
  EVENTS_RETENTION: {
    fallback: undefined,
    shown: 'forever with DIDS, else 30d',
    meaning: 'how long timelines reach back: a duration or forever; records and totals stay',
    parse: retention,
  },
  COMPRESSION: {
    fallback: 'auto',
    meaning:
      'zstd: wherever the server offers it; off: never; auto: from servers far away, where traffic is what is scarce, and not from this machine or its own network',
    parse: oneOf('auto', 'zstd', 'off'),
  },
  JETSTREAM_V1_DICTIONARY: {
    fallback: undefined,
    meaning: "the file of v1's zstd dictionary; without it v1 is read uncompressed",
    parse: dictionary,
  },
  READY_LAG: { fallback: '120s', meaning: 'how far behind /readyz still is green', parse: duration },
  RANK_REFRESH: { fallback: '60s', meaning: 'how old ranks may be', parse: duration },
  RATE_LIMIT: {
    fallback: '1200',
    meaning: 'requests that one address may make in a minute',
    parse: requests,
  },
  DISK_RESERVE: {
    fallback: '512MB',
    meaning: 'disk space that ingest leaves free, by stopping',
    parse: bytes,
  },
  SHARDS: {
    fallback: '16',
    meaning:
      'on a cluster: into how many parts people are divided, so that as many processes may ingest; fixed when the keyspace is made',
    parse: partsOf,
  },
  REPLICATION: {
    fallback: undefined,
    shown: 'three, or as many as there are nodes',
    meaning: 'on a cluster: copies of each row, when the keyspace is made',
    parse: copies,
  },
  ADMIN_TOKEN: {
    fallback: undefined,
    secret: true,
    meaning: "bearer token for operators' routes; without it they answer only this machine",
    parse: token,
  },
  METRICS_PUBLIC: { fallback: 'false', meaning: 'true: /metrics answers everybody', parse: flag },
  METRICS_PORT: {
    fallback: undefined,
    meaning:
      'a port of its own for /metrics, which then answers everybody who reaches it, and nobody at PORT',
    parse: port,
  },
  TRUST_PROXY: { fallback: undefined, meaning: 'proxies whose X-Forwarded-For counts', parse: addresses },
  PUBLIC_URL: {
    fallback: undefined,
    meaning: "this server's address in links; without it, whichever it is asked at",
    hide: withoutSecrets,
    parse: origin,
  },
  CONTACT: {
    fallback: undefined,
    meaning: 'how to reach whoever runs this server, shown on its pages',
    parse: line,
  },
  LOG_LEVEL: {
    fallback: 'info',
    meaning: 'least severe messages to log',
    parse: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  },
  LOG_FORMAT: {
    fallback: undefined,
    shown: 'pretty on a terminal, else json',
    meaning: 'pretty or json',
    parse: oneOf('pretty', 'json'),
  },
} satisfies Record<string, Variable<unknown>>

function appview(text: string): string {
  return text === 'none' ? text : origin(text)
}

function databaseUrl(text: string): { driver: 'sqlite'; path: string } | CqlAddress {
  if (text.startsWith('cql://')) return readAddress(text)
  const path = text.startsWith('sqlite:') ? atHome(text.slice('sqlite:'.length)) : ''
  if (path === '' || path === ':memory:')
    throw new Error('sqlite: and the path of a file, or cql:// and the hosts of a cluster')
  return { driver: 'sqlite', path }
}

function partsOf(text: string): number {
  const shards = Number(text)
  if (!/^\d{1,4}$/.test(text) || shards < 1 || shards > 1_024)
    throw new Error('a whole number from 1 to 1024')
  return shards
}

function copies(text: string): number {
  if (!/^[1-9]$/.test(text)) throw new Error('a whole number from 1 to 9')
  return Number(text)
}

function requests(text: string): number {
  const most = Number(text)
  if (!/^\d{1,9}$/.test(text) || most === 0) throw new Error('a whole number of requests, 1 or more')
  return most
}

function retention(text: string): number | 'forever' {
  if (text === 'forever') return text
  try {
    return duration(text)
  } catch {
    throw new Error('a duration such as 30d, or forever')
  }
}

function host(text: string): string {
  if (!/^[\w.:-]{1,253}$/.test(text)) throw new Error('an address such as 127.0.0.1 or 0.0.0.0')
  return text
}

function dictionary(path: string): Uint8Array {
  const file = readBytes(path)
  if (file.length < 8 || file.readUInt32LE(0) !== 0xec30a437)
    throw new Error(`a zstd dictionary (${path} is none)`)
  return new Uint8Array(file)
}

function token(text: string): string {
  if (text.length < 16) throw new Error('at least 16 characters')
  return text
}

function line(text: string): string {
  if (text.length > 200 || /\p{Cc}/u.test(text)) throw new Error('one line of at most 200 characters')
  return text
}
