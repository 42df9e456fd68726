import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { type Finding, FlinktsError, messageOf, type Serializer } from '@flinkts/core/connector'

export interface SpoolOptions {
  /** A directory that is there: the source reads its files, the sink makes them. */
  readonly directory: string
  /** How often the source looks for more, in milliseconds: 1 to 60000; default 10. */
  readonly pollMs?: number
  /** How much the source reads of a file at a time: 1 to 1048576 bytes; default 65536. */
  readonly readBytes?: number
}

/** @throws FlinktsError FLINKTS_OPTION_INVALID */
export function checked(options: SpoolOptions): Required<SpoolOptions> {
  const { directory, pollMs = 10, readBytes = 65_536 } = options
  if (typeof directory !== 'string' || directory === '') {
    throw invalid('"directory" must be a path', 'Name a directory, such as "./spool".')
  }
  checkCount('pollMs', pollMs, 60_000)
  checkCount('readBytes', readBytes, 1_048_576)
  return { directory, pollMs, readBytes }
}

function checkCount(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return
  throw invalid(`"${name}" is ${value}`, `Give a whole number from 1 to ${max}.`)
}

function invalid(message: string, hint: string): FlinktsError {
  return new FlinktsError('FLINKTS_OPTION_INVALID', `options of spool: ${message}`, { hint })
}

/** What would break later. Changes nothing. */
export async function check(directory: string, use: 'read' | 'write'): Promise<Finding[]> {
  const mode = use === 'read' ? constants.R_OK : constants.R_OK | constants.W_OK
  try {
    await access(directory, mode | constants.X_OK)
    return []
  } catch (thrown) {
    return [
      {
        severity: 'error',
        code: `spool-not-${use === 'read' ? 'readable' : 'writable'}`,
        message: `directory "${directory}": ${messageOf(thrown)}`,
        hint: `mkdir -p '${directory}', owned by the user of the job`,
      },
    ]
  }
}

/** Version 1: JSON. Whoever changes the type counts the version up, and still reads the old one. */
export function json<Value>(): Serializer<Value> {
  return {
    version: 1,
    serialize: (value) => new TextEncoder().encode(JSON.stringify(value)),
    deserialize(version, bytes) {
      if (version === 1) return JSON.parse(new TextDecoder().decode(bytes)) as Value
      throw new FlinktsError('FLINKTS_STATE_UNREADABLE', `spool state of version ${version}`, {
        hint: 'A later release wrote it: use that one.',
      })
    },
  }
}
