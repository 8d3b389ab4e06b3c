import { auth, Client, type ClientOptions, ExecutionProfile, errors, policies, types } from 'cassandra-driver'
import { StoreError } from '../../store.ts'
import type { CqlAddress } from './address.ts'
import { closeHostsAtShutdown } from './close-hosts.ts'
import { keepRefreshing, watchOnce } from './control-connection.ts'
import { HangingHosts, HangingLastPolicy, SecondServerPolicy } from './hanging-hosts.ts'

/** A request that takes longer counts as failed. Servers give up no later. */
const READ_TIMEOUT_MS = 5_000
/**
 * The same for the driver's own requests, such as to prepare a statement or to see whether a server is there: no second
 * server answers those in place of one that hangs.
 */
const OWN_READ_TIMEOUT_MS = 2_000
/** After so many requests that timed out, a connection is given up. */
const MAX_UNANSWERED = 8
/**
 * After so long, a request that may safely arrive twice is sent to a second server too. A commit takes some five requests one
 * after the other, each of which may go to a server that hangs.
 */
const SECOND_AFTER_MS = 200
/** The same for conditional writes, which take servers longer, and longer still where two carry out the same one. */
const SECOND_CONDITIONAL_AFTER_MS = 500
const CONNECT_TIMEOUT_MS = 5_000
const HEARTBEAT_MS = 5_000
/** The shortest and the longest pause before a lost connection is tried again. */
const RECONNECT_AFTER_MS = 250
const RECONNECT_WITHIN_MS = 4_000

export type Connected = {
  client: Client
  /** As the address names it, or that of the first contact point that answered. */
  localDataCenter: string
}

/**
 * Connects to a cluster. The driver repeats no request by itself: `Session` decides what may be sent again, and how
 * often.
 * @throws {StoreError} naming what is wrong with the address, the rights or the cluster
 */
export async function connect(address: CqlAddress): Promise<Connected> {
  const localDataCenter = address.localDataCenter ?? (await nearest(address))
  const hanging = new HangingHosts()
  const loadBalancing = new HangingLastPolicy(localDataCenter, hanging)
  const client = new Client(optionsOf(address, loadBalancing, hanging))
  keepRefreshing(client)
  watchOnce(client)
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
export function optionsOf(
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
      readTimeout: OWN_READ_TIMEOUT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      defunctReadTimeoutThreshold: MAX_UNANSWERED,
    },
    pooling: { heartBeatInterval: HEARTBEAT_MS },
    queryOptions: { prepare: true },
    profiles: [new ExecutionProfile('default', { readTimeout: READ_TIMEOUT_MS })],
    policies: {
      loadBalancing,
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(
        RECONNECT_AFTER_MS,
        RECONNECT_WITHIN_MS,
        false,
      ),
      // The servers tell the time of what carries none: the driver would send this machine's. It takes `null` for that, as
      // its code and its documentation say and its types do not.
      timestampGeneration: null as unknown as policies.timestampGeneration.TimestampGenerator,
      retry: new policies.retry.FallthroughRetryPolicy(),
      speculativeExecution: new SecondServerPolicy(
        { afterMs: SECOND_AFTER_MS, conditionalAfterMs: SECOND_CONDITIONAL_AFTER_MS },
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

/** Explains a driver error to the operator. */
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
      `${where} shows a certificate that is not trusted: ${text}. Name the file of its CA certificate as ca= in DATABASE_URL.`,
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
      `none of ${where} can be reached: ${text}. Check that the servers run, and that DATABASE_URL names them and says whether they speak TLS.`,
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
