import { unknownOption } from '@flinkts/core/connector'
import { z } from 'zod'

/**
 * The schema of an object of options. A name that is unknown is an error, which says which one may
 * have been meant.
 *
 * @internal
 */
export function strictOptions<Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const names = Object.keys(shape)
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => unknownOption(key, names)).join(' ')
        : undefined,
  })
}
