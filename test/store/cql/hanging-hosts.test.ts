import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client, ExecutionOptions, Host, HostMap } from 'cassandra-driver'
import {
  HangingHosts,
  HangingLastPolicy,
  SecondServerPolicy,
} from '../../../src/store/cql/driver/hanging-hosts.ts'

const [one, two, three] = ['one', 'two', 'three'].map(
  (address) => ({ address, datacenter: 'dc1', isUp: () => true }) as unknown as Host,
) as [Host, Host, Host]
const OPTIONS = { afterMs: 200, conditionalAfterMs: 500 }

test('a server for which a second one had to stand in comes last for ten seconds', () => {
  let elapsedMs = 0
  const hanging = new HangingHosts(() => elapsedMs)
  const plan = new SecondServerPolicy(OPTIONS, hanging).newPlan('k', 'SELECT a FROM b')
  assert.equal(plan.nextExecution(one), 200)
  assert.deepEqual(orderOf(hanging), [one, two, three])
  assert.equal(plan.nextExecution(two), -1)
  assert.deepEqual(orderOf(hanging), [two, three, one])
  elapsedMs = 10_000
  assert.deepEqual(orderOf(hanging), [one, two, three])
})

test('where all servers are slow, they keep their order', () => {
  const hanging = new HangingHosts(() => 0)
  for (const host of [two, one, three]) hanging.note(host)
  assert.deepEqual(orderOf(hanging), [one, two, three])
})

test('a second server is asked later about what two would hinder each other at', () => {
  const policy = new SecondServerPolicy(OPTIONS, new HangingHosts(() => 0))
  const conditional = policy.newPlan('k', 'UPDATE a SET b = ? WHERE c = ? IF d = ?')
  assert.equal(conditional.nextExecution(one), 500)
  assert.equal(policy.newPlan('k', [{ query: 'INSERT' }]).nextExecution(one), 200)
})

test('the driver is given the servers that answer before those that hang', async () => {
  const hanging = new HangingHosts(() => 0)
  const policy = new HangingLastPolicy('dc1', hanging)
  const values = () => [one, two, three]
  const hosts = { on: () => {}, values, length: 3 } as unknown as HostMap
  policy.init({ options: {} } as unknown as Client, hosts, () => {})
  hanging.note(two)
  for (let turn = 0; turn < 3; turn++) {
    const plan = await new Promise<Host[]>((resolve) => {
      policy.newQueryPlan('k', null as unknown as ExecutionOptions, (_error, iterator) =>
        resolve([...Iterator.from(iterator)]),
      )
    })
    assert.equal(plan.length, 3)
    assert.equal(plan.at(-1), two)
  }
})

function orderOf(hanging: HangingHosts): Host[] {
  return [...hanging.last([one, two, three].values())]
}
