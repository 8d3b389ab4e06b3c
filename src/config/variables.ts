import { drivers, readAddress, type StoreAddress } from '../store/drivers.ts'
import { withoutSecrets } from './hiding.ts'
import { rulesFile } from './rules-file.ts'
import {
  addresses,
  appview,
  bytes,
  copies,
  dictionary,
  dids,
  duration,
  flag,
  folder,
  host,
  jetstreamUrls,
  line,
  nsids,
  oneOf,
  origin,
  port,
  requests,
  retention,
  shardCount,
  start,
  token,
} from './values.ts'

/** One setting: an environment variable that is also a flag of the same name. */
export type Variable<T> = {
  /** The default, as text; `undefined`: none. */
  fallback: string | undefined
  /** The default in words, if its text would not tell. */
  shown?: string
  meaning: string
  /** Its value is never printed. */
  secret?: true
  /** Removes secrets from the value before it is printed. */
  hide?: (text: string) => string
  /** @throws {Error} with what was expected as its message */
  parse: (text: string) => T
}

/** The public servers, newest protocol version first. */
const PUBLIC_JETSTREAM = [
  'wss://jetstream.us-east.bsky.network',
  'wss://jetstream.us-west.bsky.network',
  'wss://jetstream1.us-east.bsky.network/subscribe',
  'wss://jetstream2.us-east.bsky.network/subscribe',
  'wss://jetstream1.us-west.bsky.network/subscribe',
  'wss://jetstream2.us-west.bsky.network/subscribe',
].join(',')

/** All settings: the source of the parser, `--help` and docs/configuration.md. */
export const variables = {
  DATABASE_URL: {
    fallback: 'sqlite:data/bsky-rpg.db',
    meaning: `where the ledger is: ${drivers.map(({ example }) => example).join(', or ')}`,
    hide: withoutSecrets,
    parse: (text: string) => readAddress<StoreAddress>(text, drivers),
  },
  JETSTREAM_URLS: {
    fallback: PUBLIC_JETSTREAM,
    shown: 'the public v2 hosts, then the v1 hosts',
    meaning:
      'Jetstream servers, in the order to try; the path of a URL fixes the protocol version; without a path, the best that the server has',
    hide: withoutSecrets,
    parse: jetstreamUrls,
  },
  START: {
    fallback: 'tip',
    meaning:
      'where a new ledger begins in the stream: tip (now), oldest (everything the server keeps), or a time such as 2026-01-31T12:00:00Z',
    parse: start,
  },
  APPVIEW_URL: {
    fallback: 'https://public.api.bsky.app',
    meaning:
      'AppView to ask for profiles and reposted posts; none: for a network without an AppView, where only the stream decides who is shown',
    hide: withoutSecrets,
    parse: appview,
  },
  PLC_URL: {
    fallback: 'https://plc.directory',
    meaning: 'PLC directory, which knows the server of each repository',
    hide: withoutSecrets,
    parse: origin,
  },
  HOST: {
    fallback: '127.0.0.1',
    meaning: 'address to serve on; 0.0.0.0 serves other machines, too',
    parse: host,
  },
  PORT: { fallback: '8000', meaning: 'port to serve on; 0 picks a free one', parse: port },
  DIDS: {
    fallback: undefined,
    shown: 'everyone',
    meaning: 'follow only these people: comma-separated DIDs, or @file with one DID a line',
    parse: dids,
  },
  IMPORT: {
    fallback: 'listed',
    meaning: 'listed: import the whole history of everybody in DIDS once; off: import nobody unasked',
    parse: oneOf('listed', 'off'),
  },
  TRACK: {
    fallback: undefined,
    meaning: 'further collections to show in timelines, at 0 XP: comma-separated NSIDs',
    parse: nsids,
  },
  RULES: {
    fallback: undefined,
    shown: 'the built-in table',
    meaning: 'JSON file with other XP values, titles and daily caps',
    parse: rulesFile,
  },
  BASELINE: {
    fallback: 'off',
    meaning: 'posts: also award posts from before this server, approximately, by the number in the profile',
    parse: oneOf('off', 'posts'),
  },
  EVENTS_RETENTION: {
    fallback: undefined,
    shown: 'forever with DIDS, else 30d',
    meaning: 'how long to keep timeline entries: a duration or forever; records and totals stay',
    parse: retention,
  },
  COMPRESSION: {
    fallback: 'auto',
    meaning:
      'zstd: compress whenever the server offers it; off: never; auto: compress unless the server is on this machine or its local network',
    parse: oneOf('auto', 'zstd', 'off'),
  },
  JETSTREAM_V1_DICTIONARY: {
    fallback: undefined,
    meaning: 'file with the zstd dictionary of protocol version v1; without it v1 is read uncompressed',
    parse: dictionary,
  },
  READY_LAG: {
    fallback: '120s',
    meaning: 'how far behind the network /readyz is still green',
    parse: duration,
  },
  BOARDS: {
    fallback: 'on',
    meaning: 'off: no leaderboards are shown or served, for a calmer server',
    parse: oneOf('on', 'off'),
  },
  RANK_REFRESH: { fallback: '60s', meaning: 'maximum age of ranks', parse: duration },
  RATE_LIMIT: {
    fallback: '1200',
    meaning: 'requests a minute for one client address',
    parse: requests,
  },
  DISK_RESERVE: {
    fallback: '512MB',
    meaning: 'free disk space at which ingest stops',
    parse: bytes,
  },
  CACHE_DIR: {
    fallback: undefined,
    shown: "beside the ledger's file; on a cluster, in the system's folder for temporary files",
    meaning: 'folder for cards and avatars, which may be deleted at any time',
    parse: folder,
  },
  CACHE_SIZE: {
    fallback: '256MB',
    meaning: 'disk space for cards and avatars; 0 keeps some in memory, and none on disk',
    parse: bytes,
  },
  SHARDS: {
    fallback: '16',
    meaning:
      'on a cluster: number of shards, the upper limit of ingest processes; fixed when the keyspace is created',
    parse: shardCount,
  },
  REPLICATION: {
    fallback: undefined,
    shown: 'three, or as many as there are nodes',
    meaning: 'on a cluster: copies of each row; used when the keyspace is created',
    parse: copies,
  },
  ADMIN_TOKEN: {
    fallback: undefined,
    secret: true,
    meaning: "bearer token for the operator's routes; without it they answer this machine only",
    parse: token,
  },
  METRICS_PUBLIC: { fallback: 'false', meaning: 'true: everybody may read /metrics', parse: flag },
  METRICS_PORT: {
    fallback: undefined,
    meaning:
      'separate port for /metrics, open to everybody who reaches that port; /metrics at PORT then requires ADMIN_TOKEN. With `ingest`, which has no other port, the only way to its metrics',
    parse: port,
  },
  TRUST_PROXY: {
    fallback: undefined,
    meaning: 'addresses of proxies whose X-Forwarded-For to trust',
    parse: addresses,
  },
  PUBLIC_URL: {
    fallback: undefined,
    meaning:
      "this server's public address, for links and for signing in with Bluesky, which takes https; without it, links use the address of the request, and people can sign in on this machine only",
    hide: withoutSecrets,
    parse: origin,
  },
  CONTACT: {
    fallback: undefined,
    meaning: 'how to reach the operator, shown on the pages',
    parse: line,
  },
  LOG_LEVEL: {
    fallback: 'info',
    meaning: 'lowest severity to log',
    parse: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  },
  LOG_FORMAT: {
    fallback: undefined,
    shown: 'pretty on a terminal, else json',
    meaning: 'pretty or json',
    parse: oneOf('pretty', 'json'),
  },
} satisfies Record<string, Variable<unknown>>
