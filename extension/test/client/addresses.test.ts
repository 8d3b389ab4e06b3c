import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { actorIn, actorOfPath } from '../../src/actor.ts'
import { patternOf, serverAddress } from '../../src/client/server-address.ts'

suite('addresses of servers', () => {
  const MEANT = [
    ['rpg.example', 'https://rpg.example'],
    ['  https://RPG.example/some/page?x=1#y ', 'https://rpg.example'],
    ['http://rpg.example:8000', 'http://rpg.example:8000'],
    ['rpg.example:8443', 'https://rpg.example:8443'],
    ['127.0.0.1:8000', 'http://127.0.0.1:8000'],
    ['localhost', 'http://localhost'],
    ['https://localhost', 'https://localhost'],
    ['[::1]:8000', 'http://[::1]:8000'],
  ] as const
  for (const [text, address] of MEANT) {
    test(`${JSON.stringify(text)} means ${address}`, () => assert.equal(serverAddress(text), address))
  }

  const NO_SERVERS = [
    '',
    '  ',
    'two words',
    'ftp://rpg.example',
    'javascript:alert(1)',
    'https://',
    'https://me:secret@rpg.example',
  ]
  for (const text of NO_SERVERS) {
    test(`${JSON.stringify(text)} names no server`, () => assert.equal(serverAddress(text), undefined))
  }

  test('the pattern of a permission has no port', () => {
    assert.equal(patternOf('http://127.0.0.1:8000'), 'http://127.0.0.1/*')
  })
})

suite('names of people', () => {
  const MEANT = [
    ['alice.example', 'alice.example'],
    ['@Alice.Example', 'alice.example'],
    ['\u00a0\u2066@alice.example\u2069', 'alice.example'],
    ['did:plc:alicealicealicealicealic', 'did:plc:alicealicealicealicealic'],
    ['did:web:alice.example', 'did:web:alice.example'],
  ] as const
  for (const [text, actor] of MEANT) {
    test(`${JSON.stringify(text)} means ${actor}`, () => assert.equal(actorIn(text), actor))
  }
  for (const text of [
    '',
    '@',
    'alice',
    'alice..example',
    '-a.example',
    'a.1',
    'did:plc',
    '<b>.example',
    `${'a'.repeat(260)}.example`,
  ]) {
    test(`${JSON.stringify(text.slice(0, 20))} names nobody`, () => assert.equal(actorIn(text), undefined))
  }

  test('only a link to a profile itself names its person', () => {
    assert.equal(actorOfPath('/profile/alice.example'), 'alice.example')
    assert.equal(actorOfPath('/profile/did%3Aplc%3Aalice/'), 'did:plc:alice')
    assert.equal(actorOfPath('/profile/alice.example/post/3k'), undefined)
    assert.equal(actorOfPath('/profile/%E0%A4%A'), undefined)
    assert.equal(actorOfPath('https://elsewhere.example/profile/alice.example'), undefined)
    assert.equal(actorOfPath(null), undefined)
  })
})
