// The settings of a Cassandra node that shares a small machine with other nodes and with the program that uses it.

export type NodeSettings = {
  /** 1 to 3; node n listens on 127.0.0.n, or on `CASSANDRA_NET`.n if that is set. */
  node: number
  /** Whether clients need a name and a password; both are `cassandra` at first. */
  password: boolean
  /** Path of the keystore with the node's key, if clients must use TLS; `undefined` without TLS. */
  keystore: string | undefined
  /** Whether nodes store hints for a node that is down. */
  hints: boolean
}

/** The password of keystores; not a secret, since they have only keys made for a test. */
export const KEYSTORE_PASSWORD = 'changeit'

/** The first three numbers of every node's address; set another one to run a second cluster on this machine. */
const NET = process.env.CASSANDRA_NET ?? '127.0.0'
/** JMX listens on 127.0.0.1 whatever the node's address is, so each `CASSANDRA_NET` needs a port of its own. */
const JMX_PORT = 7_099 + Number(NET.split('.')[2])

/** The token of each node. They divide the ring equally, which saves the nodes the time to do so. */
const TOKENS = ['-9223372036854775808', '-3074457345618258603', '3074457345618258602']

/** The data centre in which `SimpleSnitch`, set below, puts every node. */
export const DATA_CENTER = 'datacenter1'
export const PORT = 9042

/** The text of cassandra.yaml. */
export function yaml({ node, password, keystore, hints }: NodeSettings): string {
  const address = addressOf(node)
  const settings: Record<string, string | number | boolean> = {
    cluster_name: 'bsky-rpg-development',
    num_tokens: 1,
    initial_token: `"${TOKENS[node - 1]}"`,
    auto_bootstrap: false,
    partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
    endpoint_snitch: 'SimpleSnitch',
    authenticator: password ? 'PasswordAuthenticator' : 'AllowAllAuthenticator',
    authorizer: password ? 'CassandraAuthorizer' : 'AllowAllAuthorizer',
    role_manager: 'CassandraRoleManager',
    listen_address: address,
    rpc_address: address,
    storage_port: 7000,
    native_transport_port: PORT,
    start_native_transport: true,
    commitlog_sync: 'periodic',
    commitlog_sync_period: '1000ms',
    commitlog_segment_size: '8MiB',
    commitlog_total_space: '64MiB',
    memtable_heap_space: '64MiB',
    memtable_offheap_space: '32MiB',
    memtable_allocation_type: 'heap_buffers',
    key_cache_size: '4MiB',
    row_cache_size: '0MiB',
    counter_cache_size: '4MiB',
    prepared_statements_cache_size: '4MiB',
    file_cache_size: '32MiB',
    networking_cache_size: '32MiB',
    concurrent_reads: 8,
    concurrent_writes: 8,
    concurrent_counter_writes: 8,
    concurrent_compactors: 1,
    hinted_handoff_enabled: hints,
    auto_snapshot: false,
    read_request_timeout: '5000ms',
    write_request_timeout: '2000ms',
    counter_write_request_timeout: '5000ms',
    cas_contention_timeout: '1000ms',
    request_timeout: '10000ms',
    storage_compatibility_mode: 'NONE',
    disk_failure_policy: 'stop',
    commit_failure_policy: 'stop',
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}: ${value}`)
  const seeds = [
    'seed_provider:',
    '  - class_name: org.apache.cassandra.locator.SimpleSeedProvider',
    '    parameters:',
    `      - seeds: "${addressOf(1)}:7000"`,
  ]
  const encryption =
    keystore === undefined
      ? []
      : [
          'client_encryption_options:',
          '  enabled: true',
          '  optional: false',
          `  keystore: ${keystore}`,
          `  keystore_password: ${KEYSTORE_PASSWORD}`,
        ]
  return `${[...lines, ...seeds, ...encryption].join('\n')}\n`
}

export function addressOf(node: number): string {
  return `${NET}.${node}`
}

/** The text of logback.xml: logs to standard output, which `Cluster` writes to a file. */
export const LOGBACK = `<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level %date{ISO8601} %logger{0} - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="OUT"/></root>
</configuration>
`

const EXPORTS = [
  'java.base/jdk.internal.misc',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.sql/java.sql',
  'java.base/java.lang.ref',
  'jdk.unsupported/sun.misc',
  'jdk.compiler/com.sun.tools.javac.file',
  'jdk.attach/sun.tools.attach',
]
const OPENS = [
  'java.base/java.lang.module',
  'java.base/jdk.internal.loader',
  'java.base/jdk.internal.ref',
  'java.base/jdk.internal.reflect',
  'java.base/jdk.internal.math',
  'java.base/jdk.internal.module',
  'java.base/jdk.internal.util.jar',
  'jdk.management/com.sun.management.internal',
  'java.base/sun.nio.ch',
  'java.base/java.io',
  'java.base/java.lang.reflect',
  'java.base/java.lang',
  'java.base/java.util',
  'java.base/java.nio',
  'jdk.compiler/com.sun.tools.javac.file',
]

export type JavaOptions = { lib: string; agent: string; folder: string; heapMiB: number; node: number }

/** The arguments of `java`. */
export function javaArguments({ lib, agent, folder, heapMiB, node }: JavaOptions): string[] {
  const system: Record<string, string | number> = {
    'java.net.preferIPv4Stack': 'true',
    'jdk.attach.allowAttachSelf': 'true',
    'io.netty.tryReflectionSetAccessible': 'true',
    'java.io.tmpdir': `${folder}/tmp`,
    'jna.tmpdir': `${folder}/tmp`,
    'logback.configurationFile': `file://${folder}/conf/logback.xml`,
    'cassandra.config': `file://${folder}/conf/cassandra.yaml`,
    'cassandra.storagedir': `${folder}/data`,
    'cassandra.logdir': `${folder}/log`,
    'cassandra-foreground': 'yes',
    'cassandra.ring_delay_ms': 1_000,
    'cassandra.schema_delay_ms': 1_000,
    'cassandra.skip_wait_for_gossip_to_settle': 0,
    'cassandra.superuser_setup_delay_ms': 0,
    'cassandra.shutdown_announce_in_ms': 200,
    'cassandra.consistent.rangemovement': 'false',
    'cassandra.jmx.local.port': JMX_PORT + node * 300,
  }
  return [
    '-Xss256k',
    '-XX:+UseSerialGC',
    '-XX:-UsePerfData',
    '-XX:ActiveProcessorCount=2',
    '-XX:MaxDirectMemorySize=256M',
    '-XX:+ExitOnOutOfMemoryError',
    ...EXPORTS.map((name) => `--add-exports=${name}=ALL-UNNAMED`),
    ...OPENS.map((name) => `--add-opens=${name}=ALL-UNNAMED`),
    `-Xms${heapMiB}M`,
    `-Xmx${heapMiB}M`,
    `-javaagent:${agent}`,
    ...Object.entries(system).map(([name, value]) => `-D${name}=${value}`),
    ...['-cp', `${folder}/conf:${lib}/*`, 'org.apache.cassandra.service.CassandraDaemon'],
  ]
}
