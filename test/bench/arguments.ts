import { parseArgs } from 'node:util'
import type { BenchOptions } from './bench.ts'

/** What the command line asks for. */
export interface BenchArguments extends BenchOptions {
  readonly help: boolean
  /** The benches to run; empty: all. */
  readonly names: readonly string[]
}

/** @throws TypeError if an option is unknown or lacks its value. */
export function parseArguments(args: readonly string[]): BenchArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      quick: { type: 'boolean', default: false },
      peers: { type: 'string' },
      scenarios: { type: 'string' },
      only: { type: 'string' },
    },
  })
  return {
    help: values.help,
    quick: values.quick,
    names: positionals,
    peers: listOf(values.peers),
    scenarios: listOf(values.scenarios),
    only: listOf(values.only),
  }
}

function listOf(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').filter((name) => name !== '')
}
