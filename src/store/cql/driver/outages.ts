import type { Client } from 'cassandra-driver'

/** As much of the driver as tells of its connections. */
type Watched = Pick<Client, 'on'> & { getState(): { getConnectedHosts(): readonly unknown[] } }

/**
 * Counts how often the last connection to the cluster was lost. A database that crashed may have lost what it said it had
 * taken: whoever held anything of it in memory has to read it again.
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
