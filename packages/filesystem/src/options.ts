import { parse } from 'node:path'
import { FlinktsError } from '@flinkts/core/connector'
import type { ReadFormat, WriteFormat } from '@flinkts/formats'
import * as z from 'zod'
import type { BucketAssigner } from './bucket.ts'
import { filePattern, localStorePath } from './discovery.ts'
import type { FilePattern } from './discovery.ts'
import { localDirectory } from './local-object-store.ts'
import type { ObjectStore } from './object-store.ts'
import { strictOptions } from './strict-options.ts'

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
  /**
   * The number of buckets a subtask writes at a time; beyond it the oldest file is ended; default
   * 100.
   */
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

/**
 * Options of `fileSource`.
 *
 * @public
 */
export interface FileSourceOptions<Out> {
  /**
   * Files, directories (all files below) and globs (`in/**\/*.jsonl`). Names that begin with a dot
   * or an underscore are left out. Without a store: local paths, relative ones from the working
   * directory.
   */
  readonly path: string | readonly string[]
  /** The paths are in this store. */
  readonly store?: ObjectStore
  readonly format: ReadFormat<Out>
  /**
   * Looks for new files every `intervalMs` milliseconds (10 to a day), for ever. Default `false`:
   * reads what is there at the first start.
   */
  readonly watch?: false | { readonly intervalMs: number }
  /** The size of the ranges in which large files are handed out, from 1 byte; default 64 MiB. */
  readonly splitBytes?: number
  /** The bytes that are read at a time, twice a subtask; default 1 MiB. */
  readonly readBytes?: number
}

/** @internal */
export interface ResolvedFileSourceOptions<Out> {
  readonly store: ObjectStore
  readonly patterns: readonly FilePattern[]
  readonly format: ReadFormat<Out>
  readonly watch: { readonly intervalMs: number } | undefined
  readonly splitBytes: number
  readonly readBytes: number
}

/** @throws FlinktsError FLINKTS_OPTION_INVALID @internal */
export function resolveFileSourceOptions<Out>(
  options: FileSourceOptions<Out>,
): ResolvedFileSourceOptions<Out> {
  const { path, watch, splitBytes, readBytes } = parseOptions('fileSource', sourceSchema, options)
  const { store, format } = options
  const paths = typeof path === 'string' ? [path] : path
  return Object.freeze({
    // Positions name files by their whole path: another list of paths means the same files.
    store: store ?? localDirectory(parse(process.cwd()).root),
    patterns: paths.map((text) =>
      filePattern(text, store === undefined ? localStorePath(text) : text),
    ),
    format,
    watch: watch === false ? undefined : watch,
    splitBytes,
    readBytes,
  })
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

const sinkSchema = strictOptions({
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
}).refine(({ path, store }) => (path === undefined) !== (store === undefined), {
  message: 'exactly one of "path" and "store" is expected',
})

const readFormatSchema = z.custom<ReadFormat<never>>(
  (value) => hasMethod(value, 'createDecoder'),
  'a format that reads is expected, such as jsonLines()',
)

const sourceSchema = strictOptions({
  path: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  store: storeSchema.optional(),
  format: readFormatSchema,
  watch: z
    .union([z.literal(false), strictOptions({ intervalMs: z.int().min(10).max(86_400_000) })])
    .default(false),
  splitBytes: bytes(64 * MEBIBYTE, Number.MAX_SAFE_INTEGER),
  readBytes: bytes(MEBIBYTE, 256 * MEBIBYTE),
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
