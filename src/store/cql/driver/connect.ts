import { auth, Client, type ClientOptions, ExecutionProfile, errors, policies, types } from 'cassandra-driver'
import { StoreError } from '../../store.ts'
import type { CqlAddress } from './address.ts'
import { closeHostsAtShutdown } from './close-hosts.ts'
import { keepRefreshing } from './control-connection.ts'
import { HangingHosts, HangingLastPolicy, SecondServerPolicy } from './hanging-hosts.ts'

/** A request that takes longer counts as failed, in milliseconds. Servers give up after as much or less. */
const READ_TIMEOUT = 5_000
/**
 * The same for what the driver asks by itself, such as to prepare a statement or whether a server is still there: no second
 * server stands in for one that hangs there.
 */
const OWN_READ_TIMEOUT = 2_000
/** After so many requests that timed out, a connection is given up. */
const MAX_UNANSWERED = 8
/**
 * After that, what may safely arrive twice is asked of a second server too, in milliseconds. A commit takes some five requests
 * one after the other, each of which may go to a server that hangs.
 */
const SECOND_AFTER = 200
/** The same of conditional writes, which take servers longer, and longer still where two carry out the same one. */
const SECOND_CONDITIONAL_AFTER = 500
const CONNECT_TIMEOUT = 5_000
const HEARTBEAT = 5_000
/** How soon a connection that was lost is tried again, and how seldom at most, in milliseconds. */
const RECONNECT_AFTER = 250
const RECONNECT_WITHIN = 4_000

export type Connected = {
  client: Client
  /** As the address names it, or that of the first contact point that answered. */
  localDataCenter: string
}

/**
 * Connects to a cluster. Nothing is tried twice by the driver itself: what may be sent again, and how often, is decided
 * where it is known what it does.
 * @throws {StoreError} naming what is wrong with the address, the rights or the cluster
 */
export async function connect(address: CqlAddress): Promise<Connected> {
  const localDataCenter = address.localDataCenter ?? (await nearest(address))
  const hanging = new HangingHosts()
  const loadBalancing = new HangingLastPolicy(localDataCenter, hanging)
  const client = new Client(optionsOf(address, loadBalancing, hanging))
  keepRefreshing(client)
  closeHostsAtShutdown(client)
  try {
    await client.connect()
  } catch (error) {
    await client.shutdown().catch(() => {})
    throw explained(error, address, localDataCenter)
  }
  return { client, localDataCenter }
}

/**
 * The data centre is the policy's to know, not the client's own option `localDataCenter`: where there is none of that
 * name, the driver (4.10.0) leaves its first connection open if the option says so, which keeps the process alive.
 */
function optionsOf(
  address: CqlAddress,
  loadBalancing: policies.loadBalancing.LoadBalancingPolicy,
  hanging: HangingHosts,
): ClientOptions {
  const { contactPoints, username, password, tls, authority } = address
  return {
    contactPoints,
    ...(username === undefined
      ? {}
      : { authProvider: new auth.PlainTextAuthProvider(username, password ?? '') }),
    ...(tls
      ? { sslOptions: { rejectUnauthorized: true, ...(authority === undefined ? {} : { ca: [authority] }) } }
      : {}),
    socketOptions: {
      readTimeout: OWN_READ_TIMEOUT,
      connectTimeout: CONNECT_TIMEOUT,
      defunctReadTimeoutThreshold: MAX_UNANSWERED,
    },
    pooling: { heartBeatInterval: HEARTBEAT },
    queryOptions: { prepare: true },
    profiles: [new ExecutionProfile('default', { readTimeout: READ_TIMEOUT })],
    policies: {
      loadBalancing,
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(
        RECONNECT_AFTER,
        RECONNECT_WITHIN,
        false,
      ),
      // The servers tell the time of what carries none: the driver would send this machine's. It takes `null` for that, as
      // its code and its documentation say and its types do not.
      timestampGeneration: null as unknown as policies.timestampGeneration.TimestampGenerator,
      retry: new policies.retry.FallthroughRetryPolicy(),
      speculativeExecution: new SecondServerPolicy(
        { afterMs: SECOND_AFTER, conditionalAfterMs: SECOND_CONDITIONAL_AFTER },
        hanging,
      ),
    },
    // Else each statement waits for the slowest of all servers when it is first used, and as long as it takes for one that hangs.
    prepareOnAllHosts: false,
    maxPrepared: 500,
  }
}

/** The data centre of the first contact point that answers. */
async function nearest(address: CqlAddress): Promise<string> {
  const client = new Client(
    optionsOf(address, new policies.loadBalancing.RoundRobinPolicy(), new HangingHosts()),
  )
  try {
    await client.connect()
    const { rows } = await client.execute('SELECT data_center FROM system.local')
    return String(rows[0]?.data_center)
  } catch (error) {
    throw explained(error, address, undefined)
  } finally {
    await client.shutdown().catch(() => {})
  }
}

/** What `error` is to whoever runs this. */
export function explained(error: unknown, address: CqlAddress, localDataCenter: string | undefined): unknown {
  const { contactPoints, username } = address
  const where = contactPoints.join(', ')
  const causes = causesOf(error)
  const text = [...new Set(causes.map(({ message }) => message.trim()))].join('; ')
  if (
    causes.some((cause) => cause instanceof errors.AuthenticationError || /authenticat/i.test(cause.message))
  ) {
    const who = username === undefined ? 'without a name and password' : `as ${username}`
    return new StoreError(
      `${where} does not let us in ${who}: ${text}. Set user and password in DATABASE_URL.`,
      { cause: error },
    )
  }
  if (/certificate|self.signed|altnames/i.test(text)) {
    return new StoreError(
      `${where} shows a certificate that is not trusted: ${text}. Name the file of whoever signed it as ca= in DATABASE_URL.`,
      { cause: error },
    )
  }
  if (/data center|datacenter|localDataCenter/i.test(text)) {
    return new StoreError(
      `${where} has no data centre named ${JSON.stringify(localDataCenter)}: ${text}. Set dc= in DATABASE_URL.`,
      { cause: error },
    )
  }
  if (causes.some((cause) => isCode(cause, types.responseErrorCodes.unauthorized))) {
    return new StoreError(
      `${username ?? 'nobody'} may not do that at ${where}: ${text}. Grant the rights to create and use keyspace ${address.keyspace}.`,
      { cause: error },
    )
  }
  if (error instanceof errors.NoHostAvailableError) {
    return new StoreError(
      `none of ${where} can be reached: ${text}. Check that the servers run, and that DATABASE_URL names them and whether they speak TLS.`,
      { cause: error },
    )
  }
  return error
}

/** What each server said where the driver asked several (its own message has the first one's stack in it), or the error. */
function causesOf(error: unknown): Error[] {
  if (!(error instanceof Error)) return [new Error(String(error))]
  const inner =
    error instanceof errors.NoHostAvailableError ? Object.values<Error>(error.innerErrors ?? {}) : []
  return inner.length === 0 ? [error] : inner
}

function isCode(error: Error, code: number): boolean {
  return error instanceof errors.ResponseError && error.code === code
}
