import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import { openPublicUrl, openUrlVia } from '../../src/bluesky/open-url.ts'
import {
  AddressError,
  isPrivate,
  publicLookup,
  publicUrl,
  type Resolve,
} from '../../src/bluesky/public-address.ts'
import { never } from './local-server.ts'

const PUBLIC = { address: '93.184.215.14', family: 4 }
const LOOPBACK = { address: '127.0.0.1', family: 4 }

/** Counts the connections to a port of this machine. */
async function listener(t: TestContext) {
  const seen = { connections: 0, port: 0 }
  const server = createServer((socket) => {
    seen.connections += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  seen.port = address.port
  return seen
}

suite('a look-up for strangers', () => {
  const found = (resolve: Resolve, all: boolean) =>
    new Promise((done, failed) => {
      publicLookup(resolve)('name.example', { all }, (error, address, family) =>
        error === null ? done(all ? address : { address, family }) : failed(error),
      )
    })

  test('gives what it has checked', async () => {
    const six = { address: '2606::1', family: 6 }
    assert.deepEqual(await found(async () => [PUBLIC, six], true), [PUBLIC, six])
    assert.deepEqual(await found(async () => [PUBLIC, six], false), PUBLIC)
  })

  test('gives nothing where any of a name is not public, or there is none', async () => {
    for (const all of [true, false]) {
      await assert.rejects(
        found(async () => [LOOPBACK], all),
        AddressError,
      )
      await assert.rejects(
        found(async () => [PUBLIC, LOOPBACK], all),
        AddressError,
      )
      await assert.rejects(
        found(async () => [], all),
        /cannot be found/,
      )
      await assert.rejects(
        found(() => Promise.reject(new Error('ENOTFOUND')), all),
        /cannot be found/,
      )
    }
  })

  test('is asked by the very socket that connects', async (t) => {
    const seen = await listener(t)
    let asked = 0
    // The first answer is public and the second is not: a client that looks up twice connects to an address that it did not check.
    const resolve: Resolve = async () => [asked++ === 0 ? PUBLIC : LOOPBACK]
    assert.equal((await resolve('once')).at(0), PUBLIC)
    const opened = openUrlVia(new URL(`https://rebind.example:${seen.port}`), publicLookup(resolve), {
      signal: never(),
    })
    await assert.rejects(opened, AddressError)
    assert.deepEqual([asked, seen.connections], [2, 0])
    // The way itself is open: without the check it does connect.
    const unchecked = openUrlVia(
      new URL(`https://rebind.example:${seen.port}`),
      (_host, _options, done) => done(null, [LOOPBACK]),
      { signal: never() },
    )
    await assert.rejects(unchecked)
    assert.equal(seen.connections, 1)
  })
})

test('an address of this machine is not opened for a stranger', async (t) => {
  const seen = await listener(t)
  for (const host of ['127.0.0.1', '127.1', '[::1]', '[::ffff:7f00:1]', 'localhost', '0', '2130706433']) {
    await assert.rejects(openPublicUrl(`https://${host}:${seen.port}/`, { signal: never() }), AddressError)
    assert.throws(() => publicUrl(`https://${host}/`), AddressError, host)
  }
  assert.equal(seen.connections, 0)
})

suite('addresses that are not for everybody', () => {
  const edges: [last: string, first: string, end: string, after: string][] = [
    ['0.0.0.0', '0.0.0.0', '0.255.255.255', '1.0.0.0'],
    ['9.255.255.255', '10.0.0.0', '10.255.255.255', '11.0.0.0'],
    ['100.63.255.255', '100.64.0.0', '100.127.255.255', '100.128.0.0'],
    ['126.255.255.255', '127.0.0.0', '127.255.255.255', '128.0.0.0'],
    ['169.253.255.255', '169.254.0.0', '169.254.255.255', '169.255.0.0'],
    ['172.15.255.255', '172.16.0.0', '172.31.255.255', '172.32.0.0'],
    ['191.255.255.255', '192.0.0.0', '192.0.0.255', '192.0.1.0'],
    ['192.0.1.255', '192.0.2.0', '192.0.2.255', '192.0.3.0'],
    ['192.88.98.255', '192.88.99.0', '192.88.99.255', '192.88.100.0'],
    ['192.167.255.255', '192.168.0.0', '192.168.255.255', '192.169.0.0'],
    ['198.17.255.255', '198.18.0.0', '198.19.255.255', '198.20.0.0'],
    ['198.51.99.255', '198.51.100.0', '198.51.100.255', '198.51.101.0'],
    ['203.0.112.255', '203.0.113.0', '203.0.113.255', '203.0.114.0'],
    ['223.255.255.255', '224.0.0.0', '255.255.255.255', '255.255.255.255'],
  ]
  for (const [last, first, end, after] of edges) {
    test(`reach from ${first} to ${end}`, () => {
      for (const address of [first, end]) {
        assert.equal(isPrivate(address), true, address)
        assert.equal(isPrivate(`::ffff:${address}`), true, `::ffff:${address}`)
      }
      for (const address of [last, after].filter((edge) => edge !== first && edge !== end)) {
        assert.equal(isPrivate(address), false, address)
        assert.equal(isPrivate(`::ffff:${address}`), false, `::ffff:${address}`)
      }
    })
  }

  for (const [address, expected] of [
    ['::', true],
    ['::1', true],
    ['64:ff9b::10.0.0.1', true],
    ['fc00::1', true],
    ['fdff::1', true],
    ['fe80::1', true],
    ['febf::1', true],
    ['ff02::1', true],
    ['::127.0.0.1', true],
    ['::8.8.8.8', true],
    ['::ffff:0:127.0.0.1', true],
    ['64:ff9b:1::7f00:1', true],
    ['100::1', true],
    ['2001::1', true],
    ['2001:0:7f00:1::', true],
    ['2001:1ff:ffff::', true],
    ['2001:200::', false],
    ['2001:db8::1', true],
    ['2002:7f00:1::', true],
    ['3fff:fff::1', true],
    ['3ffe::1', false],
    ['4000::1', true],
    ['5f00::1', true],
    ['fe00::1', true],
    ['fec0::1', true],
    ['1fff::1', true],
    ['2001:4860::1', false],
    ['2606::1', false],
  ] as const) {
    test(`${expected ? 'are' : 'are not'} like ${address}`, () => {
      assert.equal(isPrivate(address), expected)
    })
  }
})
