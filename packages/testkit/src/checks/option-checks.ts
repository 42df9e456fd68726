import { FlinktsError, messageOf } from '@flinkts/core/connector'
import type { InvalidOptions } from '../driver/connector-driver.ts'
import { failOn } from '../engine/violation.ts'
import type { AnyDriver, Check } from './check.ts'

/** What every kind of connector makes of options with a mistake. @internal */
export const optionChecks: readonly Check<AnyDriver>[] = [
  {
    name: 'config.invalidIsRefused',
    level: 'L0',
    holds: 'an option that is left out, misspelt or out of range is refused, and named',
    proves: [],
    once: true,
    needs: (_capabilities, driver) =>
      driver.invalidOptions === undefined ? 'the driver has no invalidOptions' : undefined,
    run({ driver }) {
      const given = driver.invalidOptions?.() ?? []
      const kinds = new Set(given.map(({ mistake }) => mistake))
      const absent = mistakes.filter((mistake) => !kinds.has(mistake))
      const problems = absent.map((mistake) => `the driver has no option that is ${mistake}`)
      failOn([...problems, ...given.flatMap(acceptanceOf)], 'options with a mistake')
      return Promise.resolve()
    },
  },
]

const mistakes: readonly InvalidOptions['mistake'][] = ['left-out', 'misspelt', 'out-of-range']

/** What is wrong with how options are refused. */
function acceptanceOf(options: InvalidOptions): readonly string[] {
  const { mistake, option } = options
  const what = `"${option}" ${mistake}`
  try {
    options.create()
  } catch (thrown) {
    if (!(thrown instanceof FlinktsError)) return [`${what}: no code, ${messageOf(thrown)}`]
    const { code, message, hint = '', retryable } = thrown
    if (retryable) return [`${what}: ${code} is tried again`]
    return `${message} ${hint}`.includes(option) ? [] : [`${what}: not named in "${message}"`]
  }
  return [`${what}: accepted`]
}
