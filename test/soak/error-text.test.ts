import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorText } from '../../dev/soak/error-text.ts'

test('an error is told together with those of closing', () => {
  const both = new SuppressedError(new Error('cannot be closed'), new Error('waited in vain'), 'two')
  const text = errorText(new SuppressedError(new Error('nor this'), both, 'three'))
  assert.match(text, /waited in vain.*while it was closed:.*cannot be closed.*nor this/s)
})
