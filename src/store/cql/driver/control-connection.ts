import type { Client } from 'cassandra-driver'

/** What the driver keeps to itself: the connection over which it hears of servers that come and go. */
type WithControlConnection = {
  controlConnection: {
    _refresh(hosts?: unknown): Promise<void>
    _isShuttingDown: boolean
    connection: { close(): void } | null
  }
}

const AGAIN_MS = 1_000

/**
 * Has the driver go on looking for a server to hear from. It (4.10.0) does so in the background, and leaves the rejection
 * unhandled where a connection breaks off again in the middle of that: the process would end of a database that comes back.
 * Where the client is shut down in the middle of it, it leaves the new connection open, which would keep the process alive.
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
