import type { WriteFormat } from '@flinkts/formats'
import { FlinktsError } from '@flinkts/core/connector'
import * as z from 'zod'
import type { BucketAssigner } from './bucket.ts'
import { localDirectory } from './local-object-store.ts'
import type { ObjectStore } from './object-store.ts'

/**
 * Options of `fileSink`. Exactly one of `path` and `store` says where the files go.
 *
 * @public
 */
export interface FileSinkOptions<In> {
  /** A local directory; relative paths start at the working directory of the process. */
  readonly path?: string
  readonly store?: ObjectStore
  readonly format: WriteFormat<In>
  /** The directory of each record below the path; without it all files are in the path itself. */
  readonly bucket?: BucketAssigner<In>
  /** What names of files begin with; letters, digits, `.`, `_`, `-`; default `part`. */
  readonly filePrefix?: string
  /** A file that reaches this size is ended before the checkpoint; default 128 MiB. */
  readonly rollBytes?: number
  /** The bytes kept a file before they are written; 1 byte to 16 MiB, default 128 KiB. */
  readonly bufferBytes?: number
  /** The bytes on their way to the store at which the subtask takes no record; default 8 MiB. */
  readonly inFlightBytesMax?: number
  /** The number of buckets a subtask writes at a time; beyond it the oldest file is ended; default 100. */
  readonly openFilesMax?: number
}

/** @internal */
export interface ResolvedFileSinkOptions<In> {
  readonly store: ObjectStore
  readonly format: WriteFormat<In>
  readonly bucket: BucketAssigner<In> | undefined
  readonly filePrefix: string
  readonly rollBytes: number
  readonly bufferBytes: number
  readonly inFlightBytesMax: number
  readonly openFilesMax: number
}

/** @throws FlinktsError FLINKTS_OPTION_INVALID @internal */
export function resolveFileSinkOptions<In>(
  options: FileSinkOptions<In>,
): ResolvedFileSinkOptions<In> {
  const numbers = parseOptions('fileSink', sinkSchema, options)
  const { path, store, format, bucket } = options
  const place = store ?? localDirectory(path ?? '')
  return Object.freeze({ ...numbers, store: place, format, bucket })
}

const KIBIBYTE = 1024
const MEBIBYTE = 1024 * KIBIBYTE

const bytes = (byDefault: number, max: number): z.ZodDefault<z.ZodInt> =>
  z.int().min(1).max(max).default(byDefault)

const storeSchema = z.custom<ObjectStore>(
  (value) => hasMethod(value, 'createUpload') && hasMethod(value, 'list'),
  'an ObjectStore is expected, such as localDirectory("./out")',
)

const writeFormatSchema = z.custom<WriteFormat<never>>(
  (value) => hasMethod(value, 'createEncoder'),
  'a format that writes is expected, such as jsonLines()',
)

const functionSchema = z.custom<BucketAssigner<never>>(
  (value) => typeof value === 'function',
  'a function is expected, such as timeBucket({ every: "hour" })',
)

const sinkSchema = z
  .strictObject({
    path: z.string().min(1).optional(),
    store: storeSchema.optional(),
    format: writeFormatSchema,
    bucket: functionSchema.optional(),
    filePrefix: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
        '1 to 64 letters, digits, ".", "_", "-" are expected',
      )
      .default('part'),
    rollBytes: bytes(128 * MEBIBYTE, Number.MAX_SAFE_INTEGER),
    bufferBytes: bytes(128 * KIBIBYTE, 16 * MEBIBYTE),
    inFlightBytesMax: bytes(8 * MEBIBYTE, 1024 * MEBIBYTE),
    openFilesMax: z.int().min(1).max(10_000).default(100),
  })
  .refine(({ path, store }) => (path === undefined) !== (store === undefined), {
    message: 'exactly one of "path" and "store" is expected',
  })

/** The parsed options; all that is wrong with them is in the message. */
function parseOptions<T>(what: string, schema: z.ZodType<T>, options: unknown): T {
  const result = schema.safeParse(options)
  if (result.success) return result.data
  const problems = result.error.issues.map((issue) =>
    issue.path.length === 0 ? issue.message : `"${issue.path.join('.')}": ${issue.message}`,
  )
  throw new FlinktsError(
    'FLINKTS_OPTION_INVALID',
    `options of ${what} are not valid: ${problems.join('; ')}`,
    { hint: `Correct them; the types and comments of ${what} say what each may be.` },
  )
}

function hasMethod(value: unknown, name: string): boolean {
  return (
    typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'
  )
}
