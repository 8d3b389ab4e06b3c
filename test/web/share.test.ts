import assert from 'node:assert/strict'
import test from 'node:test'
import { shareBox } from '../../src/web/share.ts'
import type { ShownCharacter } from '../../src/web/shown.ts'

const character: ShownCharacter = {
  did: 'did:plc:alicealicealicealicealic',
  handle: 'alice.example',
  displayName: 'Al](x) "ice" <i>\u202e',
  avatar: null,
  title: 'Bard',
  leveling: {
    level: 58,
    experience: 5_790,
    experienceToNextLevel: 60,
    levelsGained: 0,
    progressPercentage: 40,
  },
  rank: null,
  counts: {},
  tally: {},
  attributes: { voice: 1, clarity: 1, warmth: 1, echo: 1 },
  updatedAt: '2026-01-01T00:00:00.000Z',
}

const box = shareBox({ base: 'https://rpg.example', character, now: '2026-01-02T03:04:05.000Z' }).text

/** The text of the field of this id, as a reader copies it. */
function field(id: string): string {
  const [, value = ''] = new RegExp(`<input id="${id}" data-copy value="([^"]*)" readonly>`).exec(box) ?? []
  return value
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}

test('the post has the level and the link in it', () => {
  const [, href = ''] = /href="(https:\/\/bsky\.app\/intent\/compose\?[^"]+)"/.exec(box) ?? []
  assert.equal(
    new URL(href).searchParams.get('text'),
    'I am a level 58 Bard on Bluesky, with 5,790 XP.\n\nhttps://rpg.example/@alice.example',
  )
})

test('link, picture, Markdown and HTML stand in fields that work without script', () => {
  assert.equal(field('share-link'), 'https://rpg.example/@alice.example')
  assert.equal(field('share-picture'), 'https://rpg.example/@alice.example/card.png?v=58-2026-01-02')
  assert.equal(
    field('share-markdown'),
    '[![Al\\](x) "ice" \\<i\\>, level 58 Bard](https://rpg.example/@alice.example/card.png)](https://rpg.example/@alice.example)',
  )
  assert.equal(
    field('share-html'),
    '<a href="https://rpg.example/@alice.example"><img src="https://rpg.example/@alice.example/card.png" width="600" height="315" alt="Al](x) &quot;ice&quot; &lt;i&gt;, level 58 Bard"></a>',
  )
  const badge = 'https%3A%2F%2Frpg.example%2F%40alice.example%2Fbadge.json'
  assert.ok(field('share-badge').includes(`(https://img.shields.io/endpoint?url=${badge})`))
})

test('no markup of a name is markup here, and no direction gets out', () => {
  assert.ok(!/<i>|\u202e/.test(box))
  for (const theme of ['night', 'paper', 'ember', 'grove'])
    assert.ok(box.includes(`card.png?theme=${theme}"`))
})
