import assert from 'node:assert/strict'
import test from 'node:test'
import { avatarOf, hasAvatar } from '../../src/simulator/avatar.ts'
import { Network } from '../../src/simulator/network.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { coloursIn, decodePng } from '../pictures/png.ts'

test('most people have an avatar where their profile says, and the same one each time', async () => {
  const network = new Network({ seed: 5, actors: 20, start: 1_700_000_000_000_000, step: 1_000, mix: 'feed' })
  await using simulator = await startSimulator({ network, seed: 5 })
  const answer = await fetch(
    `${simulator.httpUrl}/xrpc/app.bsky.actor.getProfiles?${network.people
      .slice(0, 20)
      .map(({ did }) => `actors=${encodeURIComponent(did)}`)
      .join('&')}`,
  )
  const { profiles } = (await answer.json()) as { profiles: { did: string; avatar?: string }[] }
  assert.ok(profiles.some(({ avatar }) => avatar === undefined))
  const found = profiles.filter(({ avatar }) => avatar !== undefined)
  assert.ok(found.length >= 15)
  for (const { avatar = '' } of found.slice(0, 3)) {
    const image = await fetch(avatar)
    assert.equal(image.headers.get('content-type'), 'image/png')
    const pixels = decodePng(Buffer.from(await image.arrayBuffer()))
    assert.deepEqual([pixels.width, pixels.height], [128, 128])
    assert.ok(coloursIn(pixels) > 100)
  }
  const none = network.people.find((person) => !hasAvatar(person))
  assert.equal((await fetch(`${simulator.httpUrl}/avatars/${none?.did}`)).status, 404)
  assert.ok(avatarOf({ index: 3 }).equals(avatarOf({ index: 3 })))
  assert.ok(!avatarOf({ index: 3 }).equals(avatarOf({ index: 4 })))
})
