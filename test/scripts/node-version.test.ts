import { expect, test } from 'vitest'
import { isAtLeast } from '../../scripts/node-version.mjs'

test.each(['22.18.0', '22.18.1', '22.20.0', '24.0.0'])('%s is at least 22.18.0', (version) => {
  expect(isAtLeast(version, '22.18.0')).toBe(true)
})

test.each(['22.17.9', '20.99.0', '9.99.99'])('%s is not at least 22.18.0', (version) => {
  expect(isAtLeast(version, '22.18.0')).toBe(false)
})
