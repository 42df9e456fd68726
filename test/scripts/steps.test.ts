import { expect, test } from 'vitest'
import { checkSteps, pickSteps, testSteps } from '../../scripts/steps.ts'

test('no name picks every step', () => {
  expect(pickSteps(testSteps, [])).toEqual(testSteps)
})

test('names pick steps, in the order of the steps', () => {
  const picked = pickSteps(checkSteps, ['unit', 'format'])

  expect(picked.map((step) => step.name)).toEqual(['format', 'unit'])
})

test('a name that is no step is refused, with those that are', () => {
  expect(() => pickSteps(testSteps, ['units'])).toThrow(
    'unknown step "units"; the steps are format',
  )
})
