import { describe, expect, test } from 'vitest'
import { CombinedWatermark } from '../../src/time/combined-watermark.ts'

function combinedOf(...splitIds: readonly string[]): CombinedWatermark {
  const combined = new CombinedWatermark()
  for (const splitId of splitIds) combined.add(splitId)
  return combined
}

describe('the combined watermark of splits', () => {
  test('is that of no split at first', () => {
    const combined = new CombinedWatermark()

    expect(combined.watermark).toBe(-Infinity)
    expect(combined.idle).toBe(false)
  })

  test('is the minimum over the splits', () => {
    const combined = combinedOf('a', 'b')

    combined.advance('a', 10)
    const one = combined.watermark
    combined.advance('b', 7)

    expect(one).toBe(-Infinity)
    expect(combined.watermark).toBe(7)
  })

  test('leaves idle splits out', () => {
    const combined = combinedOf('a', 'b')
    combined.advance('a', 10)

    combined.setIdle('b', true)

    expect(combined.watermark).toBe(10)
    expect(combined.idle).toBe(false)
  })

  test('does not release the maximum when the last split turns idle', () => {
    const combined = combinedOf('a', 'b')
    combined.advance('a', 10)
    combined.advance('b', 5)

    combined.setIdle('b', true)
    combined.setIdle('a', true)

    expect(combined.watermark).toBe(10)
    expect(combined.idle).toBe(true)
    const bothIdleAtOnce = combinedOf('a', 'b')
    bothIdleAtOnce.advance('a', 10)
    bothIdleAtOnce.setIdle('a', true)
    bothIdleAtOnce.setIdle('b', true)
    expect(bothIdleAtOnce.watermark).toBe(-Infinity)
  })

  test('makes an idle split active again with its next watermark', () => {
    const combined = combinedOf('a', 'b')
    combined.setIdle('a', true)
    combined.setIdle('b', true)

    combined.advance('a', 3)

    expect(combined.idle).toBe(false)
    expect(combined.watermark).toBe(3)
  })

  test('is held back by a split that came later, but never goes back', () => {
    const combined = combinedOf('a')
    combined.advance('a', 10)

    combined.add('b')
    combined.advance('a', 20)
    const heldBack = combined.watermark
    combined.advance('b', 4)

    expect(heldBack).toBe(10)
    expect(combined.watermark).toBe(10)
  })

  test('is not held back by a split that is removed', () => {
    const combined = combinedOf('a', 'b')
    combined.advance('a', 10)

    combined.remove('b')

    expect(combined.watermark).toBe(10)
  })

  test('stays, and is not idle, when no split is left', () => {
    const combined = combinedOf('a')
    combined.advance('a', 10)

    combined.remove('a')

    expect(combined.watermark).toBe(10)
    expect(combined.idle).toBe(false)
  })

  test('ignores a split whose watermark goes back, and one that it does not know', () => {
    const combined = combinedOf('a')
    combined.advance('a', 10)

    combined.advance('a', 5)
    combined.advance('gone', 1)
    combined.setIdle('gone', true)

    expect(combined.watermark).toBe(10)
    expect(combined.idle).toBe(false)
  })

  test('does not come to the end of time while a part is only idle', () => {
    const combined = combinedOf('ended', 'idle')
    combined.advance('idle', 7)
    combined.advance('ended', Infinity)

    combined.setIdle('idle', true)
    const whileIdle = [combined.watermark, combined.idle]
    combined.advance('idle', 9)
    const active = [combined.watermark, combined.idle]
    combined.advance('idle', Infinity)

    expect(whileIdle).toEqual([7, true])
    expect(active).toEqual([9, false])
    expect(combined.watermark).toBe(Infinity)
    expect(combined.idle).toBe(false)
  })

  test('refuses a second output of one split', () => {
    const combined = combinedOf('a')

    const addTwice = (): void => combined.add('a')

    expect(addTwice).toThrow(expect.objectContaining({ code: 'FLINKTS_ASSERTION_FAILED' }))
  })
})
