/** Where a cluster is and how to talk to it, as `DATABASE_URL=cql://...` says. */
export type CqlAddress = {
  driver: 'cql'
  /** `host` or `host:port`. */
  contactPoints: string[]
  /** Data centre that is near; undefined takes the first contact point's. */
  localDataCenter: string | undefined
  keyspace: string
  username: string | undefined
  password: string | undefined
  tls: boolean
  /** For everything that decides; what is only shown is read at LOCAL_ONE. */
  consistency: Consistency
}

export type Consistency = (typeof CONSISTENCIES)[number]

const CONSISTENCIES = ['local_quorum', 'quorum', 'each_quorum', 'all', 'local_one', 'one'] as const
const EXPECTED =
  'cql://user:password@host1,host2:9042/keyspace?dc=datacenter1&tls=true&consistency=local_quorum'
const OPTIONS = new Set(['dc', 'tls', 'consistency'])

/** Reads a cql:// URL. Several hosts are more than URLs allow, so it is taken apart by hand. */
export function readAddress(text: string): CqlAddress {
  const [, credentials, hosts = '', keyspace = '', query = ''] =
    /^cql:\/\/(?:([^@/]*)@)?([^/?@]+)\/([^/?]*)(?:\?(.*))?$/.exec(text) ?? []
  const contactPoints = hosts.split(',').map(checkHost)
  if (!/^[a-z][a-z0-9_]{0,47}$/.test(keyspace)) throw new Error(`${EXPECTED}, its keyspace of a-z, 0-9 and _`)
  const options = new URLSearchParams(query)
  for (const name of options.keys()) {
    if (!OPTIONS.has(name)) throw new Error(`only dc, tls and consistency after the ?, not ${name}`)
  }
  const [username, password] = readCredentials(credentials)
  return {
    driver: 'cql',
    contactPoints,
    localDataCenter: options.get('dc') ?? undefined,
    keyspace,
    username,
    password,
    tls: readSwitch(options.get('tls')),
    consistency: readConsistency(options.get('consistency')),
  }
}

function checkHost(host: string): string {
  if (/^[\w.-]+(:\d{1,5})?$/.test(host) || /^\[[\da-f:]+\](:\d{1,5})?$/i.test(host)) return host
  throw new Error(EXPECTED)
}

function readCredentials(text: string | undefined): [string | undefined, string | undefined] {
  if (text === undefined) return [undefined, undefined]
  const [user = '', ...rest] = text.split(':')
  return [decodeURIComponent(user), decodeURIComponent(rest.join(':'))]
}

function readSwitch(text: string | null): boolean {
  if (text === null || text === 'false') return false
  if (text === 'true') return true
  throw new Error('tls=true or tls=false')
}

function readConsistency(text: string | null): Consistency {
  const found = CONSISTENCIES.find((name) => name === (text ?? 'local_quorum').toLowerCase())
  if (found === undefined) throw new Error(`a consistency among ${CONSISTENCIES.join(', ')}`)
  return found
}
