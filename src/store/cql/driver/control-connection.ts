import type { EventEmitter } from 'node:events'
import type { Client } from 'cassandra-driver'

/** A private object of the driver: the connection over which it learns of servers that come and go. */
type WithControlConnection = {
  controlConnection: {
    _refresh(hosts?: unknown): Promise<void>
    _setHealthListeners(host: EventEmitter, connection: EventEmitter): void
    _isShuttingDown: boolean
    connection: { close(): void } | null
  }
}

const AGAIN_MS = 1_000

/**
 * Has the driver go on looking for a server for its control connection. The driver (4.10.0) does so in the background, and
 * leaves the rejection unhandled where a connection breaks off again meanwhile: a database that comes back would end the
 * process. Where the client is shut down meanwhile, it leaves the new connection open, which would keep the process alive.
 */
export function keepRefreshing(client: Client): void {
  const { controlConnection } = client as unknown as WithControlConnection
  const refresh = controlConnection._refresh.bind(controlConnection)
  controlConnection._refresh = async (hosts) => {
    try {
      await refresh(hosts)
    } catch {
      setTimeout(() => controlConnection._refresh(), AGAIN_MS).unref()
    }
    if (controlConnection._isShuttingDown) controlConnection.connection?.close()
  }
}

/**
 * Has the driver watch its control connection once. Where every server was away, the driver (4.10.0) begins to watch a new
 * connection twice, and looks for the next one as often as it watches: each such outage would double that, for as long as the
 * process lives.
 */
export function watchOnce(client: Client): void {
  const { controlConnection } = client as unknown as WithControlConnection
  const watch = controlConnection._setHealthListeners.bind(controlConnection)
  let unwatch = (): void => {}
  controlConnection._setHealthListeners = (host, connection) => {
    unwatch()
    const watched = [
      [host, 'down'],
      [host, 'ignore'],
      [connection, 'socketClose'],
    ] as const
    const before = watched.map(([emitter, event]) => new Set(emitter.rawListeners(event)))
    watch(host, connection)
    const added = watched.flatMap(([emitter, event], index) =>
      emitter
        .rawListeners(event)
        .filter((listener) => !before[index]?.has(listener))
        .map((listener) => () => emitter.removeListener(event, listener as () => void)),
    )
    unwatch = () => {
      for (const remove of added) remove()
    }
  }
}
