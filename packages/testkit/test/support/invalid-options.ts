import { FlinktsError } from '@flinkts/core/connector'
import type { InvalidOptions } from '../../src/driver/connector-driver.ts'

/** Options that the connectors of these tests could have. */
const options = { directory: 'out', bytesMax: 10 }

/** One mistake of each kind in what is given to `check`. */
export function mistakesIn(check: (given: object) => void): readonly InvalidOptions[] {
  const { directory, bytesMax } = options
  return [
    { mistake: 'left-out', option: 'directory', create: () => check({ bytesMax }) },
    {
      mistake: 'misspelt',
      option: 'bytesMax',
      create: () => check({ directory, maxBytes: bytesMax }),
    },
    {
      mistake: 'out-of-range',
      option: 'bytesMax',
      create: () => check({ directory, bytesMax: 0 }),
    },
  ]
}

/** Refuses every mistake, and names the option. */
export function refused(given: object): void {
  const unknown = Object.keys(given).find((name) => !(name in options))
  if (unknown !== undefined) throw invalid(`there is no "${unknown}"; did you mean "bytesMax"?`)
  accepted(given)
}

/** Passes over names that it does not know. */
export function accepted(given: object): void {
  if (!('directory' in given)) throw invalid('"directory" is missing')
  if ('bytesMax' in given && given.bytesMax === 0) throw invalid('"bytesMax" is 0')
}

function invalid(message: string): FlinktsError {
  return new FlinktsError('FLINKTS_OPTION_INVALID', message)
}
