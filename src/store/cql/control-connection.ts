import type { Client } from 'cassandra-driver'

/** What the driver keeps to itself: the connection over which it hears of servers that come and go. */
type WithControlConnection = { controlConnection: { _refresh(hosts?: unknown): Promise<void> } }

const AGAIN_MS = 1_000

/**
 * Has the driver go on looking for a server to hear from. It (4.10.0) does so in the background, and leaves the rejection
 * unhandled where a connection breaks off again in the middle of that: the process would end of a database that comes back.
 */
export function keepRefreshing(client: Client): void {
  const { controlConnection } = client as unknown as WithControlConnection
  const refresh = controlConnection._refresh.bind(controlConnection)
  controlConnection._refresh = (hosts) =>
    refresh(hosts).catch(() => {
      setTimeout(() => controlConnection._refresh(), AGAIN_MS).unref()
    })
}
