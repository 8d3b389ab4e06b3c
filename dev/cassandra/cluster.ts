// One or three real Cassandra nodes on this machine, without Docker, for development and tests.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, policies } from 'cassandra-driver'
import { cpuSeconds } from '../cpu-seconds.ts'
import { certificate } from './certificate.ts'
import { agentOf, jars } from './jars.ts'
import { addressOf, DATA_CENTER, javaArguments, LOGBACK, PORT, yaml } from './settings.ts'

export type ClusterOptions = {
  nodes: 1 | 3
  /** Folder for their data; existing data is kept. */
  folder: string
  /** @default 512 */
  heapMiB?: number
  /** Whether clients need a name and a password; both are `cassandra` at first. @default false */
  password?: boolean
  /** Whether clients must use TLS; only with one node. `authority` is then its certificate. @default false */
  tls?: boolean
  /**
   * Whether nodes store hints for a node that is down, and replay them when it is back; without hints that node lacks the
   * writes until a repair. @default true
   */
  hints?: boolean
}

/** The files of a server's key and of the certificate that clients check it by. */
type Key = Awaited<ReturnType<typeof certificate>>

const START_MS = 180_000
const LOOK_EVERY_MS = 300
/** How long to wait for other clusters on this machine to end: they use the same ports, and several may be ahead of us. */
const TURN_MS = 1_800_000
/** A lock: the process that listens on this port may run nodes on this machine; the system frees it when it dies. */
const TURN_PORT = 9_041

export class Cluster implements AsyncDisposable {
  readonly contactPoints: string[]
  readonly localDataCenter = DATA_CENTER
  readonly #options: ClusterOptions
  readonly #turn: Server
  readonly #key: Key | undefined
  readonly #processes: ChildProcess[] = []

  private constructor(options: ClusterOptions, turn: Server, key: Key | undefined) {
    this.#options = options
    this.#turn = turn
    this.#key = key
    this.contactPoints = Array.from({ length: options.nodes }, (_, n) => addressOf(n + 1))
  }

  /** Starts the nodes; resolves when each answers and sees the others. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const key = options.tls === true ? await certificate(options.folder, addressOf(1)) : undefined
    const cluster = new Cluster(options, await turn(), key)
    // The system ends the nodes of a killed parent, see `launch`; a parent that exits has to kill them itself.
    process.once('exit', () => cluster.#killAll())
    try {
      // One after the other: nodes that start together on a busy machine time out waiting for each other.
      for (let node = 1; node <= options.nodes; node++) {
        cluster.#processes.push(await launch(options, node, key))
        await cluster.ready()
      }
      return cluster
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
  }

  /** File with the CA certificates of the servers; `undefined` without TLS. */
  get authority(): string | undefined {
    return this.#key?.authority
  }

  /** Kills a node at once, as a power cut would. */
  async kill(node: number): Promise<void> {
    await end(this.#process(node))
  }

  /** Shuts a node down after it has flushed its data to files. */
  async stop(node: number): Promise<void> {
    const child = this.#process(node)
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }

  async restart(node: number): Promise<void> {
    this.#processes[node - 1] = await launch(this.#options, node, this.#key)
    await this.ready()
  }

  /** Pauses a node (SIGSTOP); its connections stay open. */
  pause(node: number): void {
    this.#process(node).kill('SIGSTOP')
  }

  resume(node: number): void {
    this.#process(node).kill('SIGCONT')
  }

  /** CPU time of a node so far, in seconds; 0 on systems other than Linux. */
  cpuSeconds(node: number): number {
    return cpuSeconds(this.#process(node).pid)
  }

  /** Resolves when all nodes that were launched answer and see each other. */
  async ready(): Promise<void> {
    const begun = performance.now()
    while (performance.now() - begun < START_MS) {
      for (const [index, child] of this.#processes.entries()) {
        if (child.exitCode === null && child.signalCode === null) continue
        throw new Error(`node ${index + 1} has ended: ${this.log(index + 1)}`)
      }
      const launched = this.contactPoints.slice(0, this.#processes.length)
      const seen = await Promise.all(launched.map((address) => this.#peersOf(address)))
      if (seen.every((peers) => peers === launched.length - 1)) return
      await sleep(LOOK_EVERY_MS)
    }
    throw new Error(
      `node ${this.#processes.length} did not come up in ${START_MS / 1_000} s: ${this.log(this.#processes.length)}`,
    )
  }

  /** The last 2,000 characters of a node's log. */
  log(node: number): string {
    try {
      return readFileSync(join(this.#options.folder, `node${node}`, 'out.log'), 'utf8').slice(-2_000)
    } catch {
      return ''
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map(end))
    this.#turn.close()
  }

  #process(node: number): ChildProcess {
    const child = this.#processes[node - 1]
    if (child === undefined) throw new Error(`there is no node ${node}`)
    return child
  }

  #killAll(): void {
    for (const child of this.#processes) child.kill('SIGKILL')
  }

  async #peersOf(address: string): Promise<number | undefined> {
    const only = new policies.loadBalancing.AllowListPolicy(new policies.loadBalancing.RoundRobinPolicy(), [
      `${address}:${PORT}`,
    ])
    const client = new Client({
      contactPoints: [address],
      localDataCenter: DATA_CENTER,
      policies: { loadBalancing: only },
      isMetadataSyncEnabled: false,
      ...(this.#options.password === true
        ? { credentials: { username: 'cassandra', password: 'cassandra' } }
        : {}),
      ...(this.#key === undefined ? {} : { sslOptions: { ca: [readFileSync(this.#key.authority)] } }),
    })
    try {
      await client.connect()
      const { rowLength } = await client.execute('SELECT peer FROM system.peers_v2')
      return rowLength
    } catch {
      return undefined
    } finally {
      await client.shutdown().catch(() => {})
    }
  }
}

async function launch(
  { folder, heapMiB = 512, password = false, hints = true }: ClusterOptions,
  node: number,
  key: Key | undefined,
) {
  const home = join(folder, `node${node}`)
  for (const name of ['conf', 'tmp', 'log', 'data']) mkdirSync(join(home, name), { recursive: true })
  writeFileSync(join(home, 'conf/cassandra.yaml'), yaml({ node, password, keystore: key?.keystore, hints }))
  writeFileSync(join(home, 'conf/logback.xml'), LOGBACK)
  const lib = await jars()
  const javaArgs = javaArguments({ lib, agent: agentOf(lib), folder: home, heapMiB, node })
  const out = openSync(join(home, 'out.log'), 'a')
  // With setpriv the system kills the server when the process that started it ends, in whatever way.
  const [program, before] = diesWithParent() ? ['setpriv', ['--pdeathsig', 'KILL', 'java']] : ['java', []]
  return spawn(program, [...before, ...javaArgs], {
    stdio: ['ignore', out, out],
    env: { ...process.env, MALLOC_ARENA_MAX: '2' },
  })
}

function diesWithParent(): boolean {
  return spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** Waits until no other cluster runs on this machine, and keeps others from starting until it is closed. */
async function turn(): Promise<Server> {
  const begun = performance.now()
  for (;;) {
    const server = createServer()
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(TURN_PORT, addressOf(1), resolve)
      })
      if (!(await answers(addressOf(1), PORT))) return server.unref()
      server.close()
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    }
    if (performance.now() - begun > TURN_MS) {
      throw new Error(`something else listens on ${addressOf(1)}:${PORT} or ${TURN_PORT}; stop it first`)
    }
    await sleep(LOOK_EVERY_MS)
  }
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
