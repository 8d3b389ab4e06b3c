// Which servers store which rows: rows of the same servers are sent together, to one of them.
import type { Client } from 'cassandra-driver'

/** The types of a partition key's columns. */
export type KeyTypes = readonly ('text' | 'int' | 'bigint')[]

/** Items whose rows the same servers store. `routingKey` tells the driver which; `undefined`: all servers store them. */
export type Group<T> = { items: T[]; routingKey: Buffer | undefined }

/** The part of the driver that knows where rows are stored. */
export type Ring = { hosts: Pick<Client['hosts'], 'length'>; getReplicas: Client['getReplicas'] }

/** Groups `items` by the servers that store them, keeping their order; `keyOf` gives the bytes of a partition key. */
export function groupByServers<T>(
  ring: Ring,
  keyspace: string,
  items: readonly T[],
  keyOf: (item: T) => Buffer,
): Group<T>[] {
  const groups = new Map<string, Group<T>>()
  for (const item of items) {
    const routingKey = keyOf(item)
    // Nothing is known of a keyspace in the first moments after it was made.
    const replicas: ReturnType<Ring['getReplicas']> | null = ring.getReplicas(keyspace, routingKey)
    if (replicas === null || replicas.length >= ring.hosts.length) {
      return [{ items: [...items], routingKey: undefined }]
    }
    const servers = replicas.map(({ address }) => address).sort()
    groups.getOrInsertComputed(servers.join(), () => ({ items: [], routingKey })).items.push(item)
  }
  return [...groups.values()]
}

/** The bytes of a partition key, from which servers compute its token: its columns', each with its length if there are several. */
export function partitionKey(types: KeyTypes, values: readonly unknown[]): Buffer {
  const columns = types.map((type, at) => columnBytes(type, values[at]))
  const [only] = columns
  if (only !== undefined && columns.length === 1) return only
  return Buffer.concat(
    columns.flatMap((bytes) => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(bytes.length)
      return [length, bytes, Buffer.of(0)]
    }),
  )
}

function columnBytes(type: KeyTypes[number], value: unknown): Buffer {
  switch (type) {
    case 'text':
      return Buffer.from(String(value))
    case 'int': {
      const bytes = Buffer.alloc(4)
      bytes.writeInt32BE(Number(value))
      return bytes
    }
    case 'bigint': {
      const bytes = Buffer.alloc(8)
      bytes.writeBigInt64BE(BigInt(Number(value)))
      return bytes
    }
  }
}
