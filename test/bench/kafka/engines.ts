import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from '../measured-process.ts'
import type { CopySettings } from './copy-settings.ts'

/** Who copies topics. */
export type EngineName = 'flinkts' | 'flink' | 'streams' | 'kafkajs'

/** Starts a process that copies a topic. */
export type Engine = (settings: CopySettings) => Command

/** All that are there. */
export type Engines = Readonly<
  Record<'flinkts' | 'kafkajs', Engine> & Partial<Record<EngineName, Engine>>
>

/** @param peers - The folder of the baselines of Flink and Kafka Streams, built. */
export function enginesOf(peers: string | undefined): Engines {
  const own: Engines = {
    flinkts: (settings) => nodeCommand('copy.ts', settings),
    kafkajs: (settings) => nodeCommand('kafkajs-copy.ts', settings),
  }
  if (peers === undefined) return own
  return {
    ...own,
    flink: (settings) => flinkCommand(peers, settings),
    streams: (settings) => streamsCommand(peers, settings),
  }
}

/** A module of `processes`, on the packages as they were built. */
export function nodeCommand(module: string, settings: object): Command {
  return commandOf(process.execPath, [processFile(module), JSON.stringify(settings)])
}

/** The file of a module of `processes`. */
export function processFile(module: string): string {
  return fileURLToPath(new URL(`processes/${module}`, import.meta.url))
}

const peerWork = { bytes: 'raw', map: 'json' } as const

function flinkCommand(peers: string, settings: CopySettings): Command {
  const { brokers, input, output, work, folder, name, commitIntervalMs } = settings
  const what = [brokers, input, output, peerWork[work], '1', folder, name]
  const script = path.join(peers, 'run.sh')
  return commandOf('bash', [script, 'KafkaJob', ...what, String(commitIntervalMs)])
}

function streamsCommand(peers: string, settings: CopySettings): Command {
  const { brokers, input, output, work, folder, name, commitIntervalMs } = settings
  const target = path.join(peers, 'kafka', 'target')
  const classPath = `${path.join(target, 'classes')}:${path.join(target, 'lib', '*')}`
  const how = ['1', String(commitIntervalMs), folder, name]
  const what = ['streams', brokers, input, output, peerWork[work], ...how]
  return commandOf('java', ['-Xmx2g', '-cp', classPath, 'kb.Kb', ...what])
}

function commandOf(file: string, args: readonly string[]): Command {
  const env = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return { file, args, env: Object.fromEntries(env), cwd: process.cwd() }
}
