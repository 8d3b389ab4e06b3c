import { readFileSync } from 'node:fs'

/** Where a cluster is and how to talk to it, as `DATABASE_URL=cql://...` says. */
export type CqlAddress = {
  driver: 'cql'
  /** `host` or `host:port`. */
  contactPoints: string[]
  /** The nearest data centre; `undefined`: that of the first contact point. */
  localDataCenter: string | undefined
  keyspace: string
  username: string | undefined
  password: string | undefined
  tls: boolean
  /** CA certificates, in PEM; `undefined`: those that Node trusts. Only with `tls`. */
  authority: string | undefined
  /** For all reads and writes. */
  consistency: Consistency
}

export type Consistency = (typeof CONSISTENCIES)[number]

const CONSISTENCIES = ['local_quorum', 'quorum', 'each_quorum', 'all'] as const
/** Too weak for a ledger: a write to one copy may be missing in the copy that is read next. */
const TOO_LITTLE: ReadonlySet<string> = new Set(['any', 'one', 'two', 'three', 'local_one'])
/** An address with everything that it may say. */
export const EXAMPLE =
  'cql://user:password@host1,host2:9042/keyspace?dc=datacenter1&tls=true&ca=/path/to/ca.pem&consistency=local_quorum'
const OPTIONS = new Set(['dc', 'tls', 'ca', 'consistency'])

/** Reads a cql:// URL. `URL` does not allow several hosts, so a regular expression splits it. */
export function readAddress(text: string): CqlAddress {
  const [, credentials, hosts = '', keyspace = '', query = ''] =
    /^cql:\/\/(?:([^@/]*)@)?([^/?@]+)\/([^/?]*)(?:\?(.*))?$/.exec(text) ?? []
  const contactPoints = hosts.split(',').map(checkHost)
  if (!/^[a-z][a-z0-9_]{0,47}$/.test(keyspace)) throw new Error(`${EXAMPLE}, its keyspace of a-z, 0-9 and _`)
  const options = new URLSearchParams(query)
  for (const name of options.keys()) {
    if (!OPTIONS.has(name)) throw new Error(`only dc, tls, ca and consistency after the ?, not ${name}`)
  }
  const [username, password] = readCredentials(credentials)
  const tls = readSwitch(options.get('tls'))
  const authority = readAuthority(options.get('ca'))
  if (authority !== undefined && !tls) throw new Error('ca= only together with tls=true')
  return {
    driver: 'cql',
    contactPoints,
    localDataCenter: options.get('dc') ?? undefined,
    keyspace,
    username,
    password,
    tls,
    authority,
    consistency: readConsistency(options.get('consistency')),
  }
}

function checkHost(host: string): string {
  const [, port] = /^(?:[\w.-]+|\[[\da-f:]+\])(?::(\d{1,5}))?$/i.exec(host) ?? [host, '-']
  if (port === undefined || (Number(port) >= 1 && Number(port) <= 65_535)) return host
  throw new Error(EXAMPLE)
}

function readCredentials(text: string | undefined): [string | undefined, string | undefined] {
  if (text === undefined) return [undefined, undefined]
  const [user = '', ...rest] = text.split(':')
  try {
    return [decodeURIComponent(user), decodeURIComponent(rest.join(':'))]
  } catch (error) {
    throw new Error('a user and password in which % is written as %25', { cause: error })
  }
}

function readAuthority(path: string | null): string | undefined {
  if (path === null) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw new Error(`a file of certificates in ca= that can be read (${path}: ${why})`, { cause: error })
  }
}

function readSwitch(text: string | null): boolean {
  if (text === null || text === 'false') return false
  if (text === 'true') return true
  throw new Error('tls=true or tls=false')
}

function readConsistency(text: string | null): Consistency {
  const wanted = (text ?? 'local_quorum').toLowerCase()
  if (TOO_LITTLE.has(wanted)) {
    throw new Error(
      `a consistency of a quorum at least: at ${wanted}, what was written need not be seen by the next read, so that nothing would be exact`,
    )
  }
  const found = CONSISTENCIES.find((name) => name === wanted)
  if (found === undefined) throw new Error(`a consistency among ${CONSISTENCIES.join(', ')}`)
  return found
}
