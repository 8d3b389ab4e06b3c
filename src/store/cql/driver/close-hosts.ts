import type { Client } from 'cassandra-driver'

/** A private object of the driver: one server, with its connections and two timers that keep the process alive. */
type Host = { shutdown(waitForPending: boolean): Promise<void> }
type WithHosts = { hosts: { on(event: 'add' | 'remove', listener: (host: Host) => void): void } }

/**
 * Has `client` close every server object that it ever made when it is shut down. The driver (4.10.0) makes a new object for a
 * server that it has lost and found again, forgets the former one, and ends neither that one's timers nor its attempts to
 * connect: a worker whose database was away once never ended after it had written everything.
 */
export function closeHostsAtShutdown(client: Client): void {
  const { hosts } = client as unknown as WithHosts
  const added = new Set<Host>()
  let isShutDown = false
  const close = (host: Host): void => {
    // A connection that breaks off while it is closed is closed all the same.
    host.shutdown(false).catch(() => {})
  }
  hosts.on('add', (host) => {
    added.add(host)
    if (isShutDown) close(host)
  })
  hosts.on('remove', close)
  const shutdown = client.shutdown.bind(client) as () => Promise<void>
  client.shutdown = (async () => {
    isShutDown = true
    try {
      await shutdown()
    } finally {
      for (const host of added) close(host)
    }
  }) as Client['shutdown']
}
