import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { leveling, levelOf, MAX_LEVEL, threshold } from '../../src/game/levels.ts'

const experience = fc.oneof(fc.nat({ max: 5_000 }), fc.nat({ max: Number.MAX_SAFE_INTEGER }))

test('levels begin where the table says', () => {
  const table = [
    [0, 1],
    [49, 1],
    [50, 1],
    [149, 1],
    [150, 2],
    [249, 2],
    [250, 3],
    [threshold(100_000) - 1, 99_999],
    [threshold(100_000), 100_000],
    [Number.MAX_SAFE_INTEGER, MAX_LEVEL],
  ] as const
  for (const [xp, level] of table) assert.equal(levelOf(xp), level, `${xp} XP`)
})

test('half of level 1 is 75 XP, and the highest level is always full', () => {
  assert.deepEqual(leveling(75, 10), {
    level: 1,
    experience: 75,
    experienceToNextLevel: 75,
    levelsGained: 0,
    progressPercentage: 50,
  })
  const top = leveling(Number.MAX_SAFE_INTEGER, 0)
  assert.equal(top.progressPercentage, 100)
  assert.equal(top.experienceToNextLevel, 0)
})

test('a level is filled in hundredths, rounded down', () => {
  for (const [xp, percent] of [
    [0, 0],
    [149, 99],
    [150, 0],
    [200, 50],
    [249, 99],
    [250, 0],
    [1_000_049, 99],
  ] as const) {
    assert.equal(leveling(xp, 0).progressPercentage, percent, `${xp} XP`)
  }
})

test('what remains leads exactly to the next level', () => {
  fc.assert(
    fc.property(experience, (xp) => {
      const { level, experienceToNextLevel, progressPercentage } = leveling(xp, 0)
      assert.ok(threshold(level) <= xp)
      assert.ok(progressPercentage >= 0 && progressPercentage <= 100 && Number.isInteger(progressPercentage))
      if (level === MAX_LEVEL) return
      assert.ok(xp < threshold(level + 1))
      assert.equal(levelOf(xp + experienceToNextLevel), level + 1)
      assert.equal(levelOf(xp + experienceToNextLevel - 1), level)
    }),
  )
})

test('levels gained are the levels between before and after, down as well as up', () => {
  fc.assert(
    fc.property(experience, experience, (before, after) => {
      assert.equal(leveling(after, after - before).levelsGained, levelOf(after) - levelOf(before))
    }),
  )
})
