import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { pino } from 'pino'
import { tellStory } from '../../src/commands/demo-story.ts'

const NOW = 1_770_000_000_000_000
const DAY = 86_400_000_000

test('a demo says what to open, how far its past is read, and who gets on', { timeout: 20_000 }, async () => {
  const reached = [NOW - 28 * DAY, NOW - 12 * DAY, NOW - 1_000]
  const levelUp = (did: string, level: number): string => {
    const data = { did, type: 'app.bsky.feed.post', leveling: { level, experience: level * 100 } }
    return `id: 1\nevent: level-up\ndata: ${JSON.stringify(data)}\n\n`
  }
  const server = createServer(({ url = '' }, response: ServerResponse) => {
    if (url === '/v1/stream') {
      const text = `: hello\n\nid: 1\nevent: award\ndata: {}\n\n${levelUp('did:web:a.test', 3)}${levelUp('did:web:b.test', 4)}`
      // However it is cut.
      for (const half of [text.slice(0, 90), text.slice(90)]) response.write(half)
      response.end()
    } else if (url === '/v1/stats') {
      const at = reached.length > 1 ? reached.shift() : reached[0]
      const stream = { reached: new Date(Number(at) / 1_000).toISOString() }
      response.end(JSON.stringify({ stream, characters: 7, events: 90 }))
    } else {
      const known = url.endsWith('a.test') ? { displayName: 'Amber Lake', title: 'Novice' } : {}
      response.end(JSON.stringify(known))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const end = new AbortController()
  const lines: string[] = []
  const write = (line: string): void => {
    lines.push(JSON.parse(line).msg)
    if (lines.at(-1)?.includes('b.test reaches')) end.abort()
  }
  await tellStory({
    url,
    began: NOW - 28 * DAY,
    stranger: 'dusk-hill-9.test',
    log: pino({ base: null }, { write }),
    clock: () => NOW,
    signal: end.signal,
    pollMs: 0,
    levelUpMs: 0,
  })
  server.close()
  server.closeAllConnections()
  assert.equal(lines[0], `Open ${url} in a browser. In another terminal:`)
  assert.equal(
    lines[1],
    `  ${url}/@dusk-hill-9.test   somebody from before: have their whole history counted`,
  )
  assert.equal(lines[4], `  extension/README.md loads the browser extension; its server is ${url}`)
  assert.deepEqual(lines.slice(6), [
    '50 % of the history is read: 7 characters so far.',
    'The history is complete: 7 characters, 90 events. From here on everything is live.',
    'Amber Lake reaches level 3, Novice (300 XP), by a post.',
    'did:web:b.test reaches level 4 (400 XP), by a post.',
  ])
})
