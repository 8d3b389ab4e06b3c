import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { Client } from 'cassandra-driver'
import { keepRefreshing, watchOnce } from '../../../src/store/cql/driver/control-connection.ts'

/** The parts of the driver that this workaround uses: if an upgrade changes them, the test fails. */
type ControlConnection = {
  _refresh: () => Promise<void>
  _setHealthListeners(host: EventEmitter, connection: EventEmitter): void
  _isShuttingDown: boolean
  connection: { close(): void } | null
  shutdown(): void
}

test('a connection of the driver that breaks off while it is made again is tried once more, and ends nothing', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const controlConnection = controlConnectionOf()
  let tried = 0
  controlConnection._refresh = async () => {
    tried += 1
    if (tried === 1) throw new TypeError("Cannot read properties of null (reading 'once')")
  }
  keepRefreshing(clientOf(controlConnection))
  await controlConnection._refresh()
  t.mock.timers.tick(1_000)
  assert.equal(tried, 2)
})

test('a connection that the driver makes while it is shut down is closed', async () => {
  const controlConnection = controlConnectionOf()
  assert.equal(controlConnection._isShuttingDown, false)
  const made = Promise.withResolvers<void>()
  let closed = 0
  controlConnection._refresh = async () => {
    await made.promise
    controlConnection.connection = { close: () => (closed += 1) }
  }
  keepRefreshing(clientOf(controlConnection))
  const refreshed = controlConnection._refresh()
  controlConnection.shutdown()
  made.resolve()
  await refreshed
  assert.equal(closed, 1)
})

test('the driver looks for one connection in place of one that is lost, however often it was told to watch that', async () => {
  const controlConnection = controlConnectionOf()
  let sought = 0
  controlConnection._refresh = async () => {
    sought += 1
  }
  watchOnce(clientOf(controlConnection))
  const [host, first, second] = [new EventEmitter(), new EventEmitter(), new EventEmitter()]
  for (const [connection, lost] of [
    [first, () => first.emit('socketClose')],
    [second, () => host.emit('down')],
  ] as const) {
    sought = 0
    // As the driver does where every server was away.
    controlConnection._setHealthListeners(host, connection)
    controlConnection._setHealthListeners(host, connection)
    lost()
    assert.equal(sought, 1)
  }
  controlConnection._setHealthListeners(host, second)
  // The former one is none of its business any more.
  controlConnection._setHealthListeners(new EventEmitter(), new EventEmitter())
  second.emit('socketClose')
  host.emit('down')
  assert.equal(sought, 1)
})

/** The control connection of a real client. */
function controlConnectionOf(): ControlConnection {
  const client = new Client({ contactPoints: ['127.0.0.1'], localDataCenter: 'datacenter1' })
  const { controlConnection } = client as unknown as { controlConnection: ControlConnection }
  assert.equal(typeof controlConnection._refresh, 'function')
  assert.equal(controlConnection.connection, null)
  return controlConnection
}

function clientOf(controlConnection: ControlConnection): Client {
  return { controlConnection } as unknown as Client
}
