import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alice, bob, build, nobody } from './harness.ts'

test('around one who is below the end of the board, the page is that character with the rank among all', async () => {
  await using here = await build()
  here.ledger.join(alice).earn(alice, { delta: 70 })
  here.ledger.join(bob).earn(bob, { delta: 50 })
  here.ledger.places = 1
  const page = (await here.get(`/v1/leaderboards/all?around=${bob}`)).json()
  assert.deepEqual(
    page.items.map(({ rank, character }: { rank: number; character: { did: string } }) => [
      rank,
      character.did,
    ]),
    [[2, bob]],
  )
  assert.equal(page.cursor, null)
  assert.equal((await here.get(`/v1/leaderboards/all?around=${nobody}`)).statusCode, 404)
})

test('while ranks cannot be read, nobody below the end of the board is told one', async () => {
  await using here = await build()
  here.ledger.join(bob).earn(bob, { delta: 50 })
  here.ledger.places = 0
  here.ledger.xpHistogram = () => Promise.reject(new Error('out of reach'))
  const { statusCode, headers } = await here.get(`/v1/leaderboards/all?around=${bob}`)
  assert.deepEqual([statusCode, headers['retry-after']], [503, '5'])
})
