import { FlinktsError, messageOf } from '../common/errors.ts'

/**
 * The error of a function of the job that threw for `value`. Errors of flinkts pass unchanged.
 *
 * @internal
 */
export function userFunctionFailed(
  operatorId: string,
  value: unknown,
  cause: unknown,
): FlinktsError {
  if (cause instanceof FlinktsError) return cause
  return new FlinktsError(
    'FLINKTS_USER_FUNCTION_FAILED',
    `the function of operator "${operatorId}" threw "${messageOf(cause)}" ` +
      `for the record ${describeRecord(value)}`,
    {
      cause,
      hint:
        'Mend the function, or filter the record out before it. The job goes on from its last ' +
        'checkpoint.',
    },
  )
}

const excerptCharactersMax = 300

/** A record for people: JSON, cut off where it is long. @internal */
export function describeRecord(value: unknown): string {
  const text = textOf(value)
  return text.length <= excerptCharactersMax ? text : `${text.slice(0, excerptCharactersMax)}…`
}

function textOf(value: unknown): string {
  try {
    return (
      JSON.stringify(value, (_key, field: unknown) =>
        typeof field === 'bigint' ? `${field}n` : field,
      ) ?? String(value)
    )
  } catch {
    // A cyclic record has no JSON form; the kind of it is all that can be shown.
    return Object.prototype.toString.call(value)
  }
}
