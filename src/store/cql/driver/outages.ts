import type { Client } from 'cassandra-driver'

/** The part of the driver that reports its connections. */
type Watched = Pick<Client, 'on'> & { getState(): { getConnectedHosts(): readonly unknown[] } }

/**
 * Counts how often the last connection to the cluster was lost. A database that crashed may have lost writes that it had
 * confirmed: everything cached from it has to be read again.
 */
export class Outages {
  #count = 0

  constructor(client: Watched) {
    client.on('hostDown', () => {
      if (client.getState().getConnectedHosts().length === 0) this.#count += 1
    })
  }

  get count(): number {
    return this.#count
  }
}
