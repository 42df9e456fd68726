import { describe, expect, test } from 'vitest'
import { StepSize } from '../../src/task/step-size.ts'

function stepsOf(size: StepSize, recordMs: number, count: number): readonly number[] {
  return Array.from({ length: count }, () => {
    const { records } = size
    size.took(records * recordMs)
    return records
  })
}

describe('the size of a step', () => {
  test('is the largest for fast functions', () => {
    const size = new StepSize(256, 1)

    expect(stepsOf(size, 0.0001, 3)).toEqual([256, 256, 256])
  })

  test('shrinks until a step takes about as long as it should', () => {
    const size = new StepSize(256, 1)

    expect(stepsOf(size, 0.07, 6)).toEqual([256, 128, 64, 32, 16, 8])
    expect(stepsOf(size, 0.07, 3)).toEqual([8, 8, 8])
  })

  test('is never less than a record', () => {
    const size = new StepSize(4, 1)

    expect(stepsOf(size, 50, 5)).toEqual([4, 2, 1, 1, 1])
  })

  test('grows again when functions become faster', () => {
    const size = new StepSize(8, 1)
    stepsOf(size, 50, 5)

    expect(stepsOf(size, 0.001, 5)).toEqual([1, 2, 4, 8, 8])
  })
})
