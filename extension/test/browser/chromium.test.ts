// The built extension in a real Chromium, on a page of bsky.app's shapes, with a real server on a simulated network.
import { after, before, suite } from 'node:test'
import { findChromium } from '../../../test/web/chromium.ts'
import { testBadgeCosts } from './badge-costs.ts'
import { testBadgeFaults } from './badge-faults.ts'
import { testBadgePlaces } from './badge-places.ts'
import { testBadgeRequests } from './badge-requests.ts'
import { testBadgeWords } from './badge-words.ts'
import { testOwnPages } from './own-pages.ts'
import { testParts } from './parts.ts'
import { Surroundings } from './suite.ts'

const found = findChromium()
// CI installs Chromium: without it these tests fail there.
const skip = found === undefined && process.env.CI === undefined ? 'no Chromium is installed' : false

suite('in Chromium', { skip, concurrency: false }, () => {
  let all: Surroundings
  before(async () => {
    all = await Surroundings.start(found)
  })
  after(async () => all?.[Symbol.asyncDispose]())
  const surroundings = (): Surroundings => all

  suite('badges', () => {
    testBadgePlaces(surroundings)
    testBadgeWords(surroundings)
    testBadgeRequests(surroundings)
    testBadgeFaults(surroundings)
    testBadgeCosts(surroundings)
  })
  suite('panels and coach', () => testParts(surroundings))
  suite('popup and settings', () => testOwnPages(surroundings))
})
