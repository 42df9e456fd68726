import process from 'node:process'
import { defineJob, type JobDefinition, type Key } from '@flinkts/core'
import { fileSink, fileSource } from '@flinkts/filesystem'
import { jsonLines } from '@flinkts/formats'

interface Line {
  readonly id: number
}

const fault = process.env['FAULT'] ?? ''

/** Goes wrong at the line with the id 3, in the way that FAULT names. */
const job: JobDefinition = defineJob(
  'faulty',
  {
    checkpointIntervalMs: 20,
    restart: { type: 'fixed-delay', attemptsMax: 2, delayMs: 1 },
  },
  (env) => {
    const format = jsonLines<Line>()
    const watch = { intervalMs: 20 }
    const lines = env
      .source('lines', fileSource<Line>({ path: process.env['INPUT'] ?? 'in', format, watch }))
      .map((line) => {
        if (line.id === 3) goWrong()
        return line
      })
      .keyBy((line) => keyOf(line) as Key)
      .process('keyed', { state: {}, process: (line) => [line] })
    lines.sinkTo('files', fileSink({ path: 'out', format }))
    if (fault === 'duplicate-id') lines.sinkTo('files', fileSink({ path: 'out2', format }))
  },
)

export default job

function goWrong(): void {
  switch (fault) {
    case 'throws':
      throw new TypeError('no three', { cause: new RangeError('three is out of range') })
    case 'throws-later':
      setImmediate(() => {
        throw new TypeError('a timer failed')
      })
      return
    case 'rejects-later':
      void Promise.reject(new TypeError('a promise failed'))
      return
    case 'exits':
      process.exit(0)
  }
}

function keyOf({ id }: Line): unknown {
  if (id !== 3) return id
  if (fault === 'null-key') return null
  if (fault === 'nan-key') return Number.NaN
  return fault === 'object-key' ? { id } : id
}
