import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { type Theme, themes } from '../../src/pictures/themes.ts'

const css = readFileSync(new URL('../../src/web/assets/theme.css', import.meta.url), 'utf8')

/** The values of a variable of theme.css on light pages and on dark ones, one for each time that it is set. */
function onPages(variable: string): { light: string[]; dark: string[] } {
  const found = [...css.matchAll(new RegExp(`--${variable}: light-dark\\((#\\w+), (#\\w+)\\)`, 'g'))]
  assert.notEqual(found.length, 0, variable)
  return { light: found.map(([, light = '']) => light), dark: found.map(([, , dark = '']) => dark) }
}

test('cards have the colours of the pages, light and dark', () => {
  const figures = ['sky', 'gold', 'rose', 'leaf'].map(onPages)
  for (const [mode, theme] of [
    ['light', themes.paper],
    ['dark', themes.night],
  ] as const) {
    const { ink, soft, barFrom, tiers }: Theme = theme
    assert.deepEqual(
      [[ink], [soft], [barFrom]],
      [onPages('ink')[mode], onPages('soft')[mode], onPages('sky')[mode]],
    )
    assert.deepEqual(tiers, onPages('tier')[mode])
    assert.deepEqual(
      theme.figures,
      figures.flatMap((colour) => colour[mode]),
    )
  }
})
