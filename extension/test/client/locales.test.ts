// The messages: the same in every language, and each of them used.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseYAML } from 'confbox'

type Messages = { [key: string]: string | Messages }

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string): string => readFileSync(`${root}/${file}`, 'utf8')

/** Messages by their keys, each plural form apart. */
function flat(messages: Messages, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(messages).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value] as const] : [...flat(value, `${prefix}${key}.`)],
    ),
  )
}

const english = flat(parseYAML<Messages>(read('locales/en.yml')))
const others = globSync('locales/*.yml', { cwd: root }).filter((file) => !file.endsWith('/en.yml'))

suite('messages', () => {
  for (const file of others) {
    const translated = flat(parseYAML<Messages>(read(file)))

    test(`${file} has the same messages as English`, () => {
      assert.deepEqual([...translated.keys()], [...english.keys()])
    })

    test(`${file} has the same numbers and names in each message`, () => {
      const placesIn = (text = ''): string[] => [...new Set(text.match(/\$\d/g))].sort()
      for (const [key, text] of english) assert.deepEqual(placesIn(translated.get(key)), placesIn(text), key)
    })
  }

  test('are all used', () => {
    const sources = globSync('{src,entrypoints}/**/*.ts', { cwd: root }).map(read).join('\n')
    const keys = new Set([...english.keys()].map((key) => key.replace(/\.(1|n)$/, '')))
    const unused = [...keys].filter((key) => !key.startsWith('extension.') && !sources.includes(`'${key}'`))
    assert.deepEqual(unused, [])
  })
})
