import { defined } from '../common/assert.ts'
import { FlinktsError } from '../common/errors.ts'
import type { DeliveryGuarantee } from '../common/guarantee.ts'
import type { StateTtl } from '../state/state-ttl.ts'
import type { NodeOperation, StreamGraph, StreamInput, StreamNode } from '../graph/stream-node.ts'
import type { DataStream } from './data-stream.ts'
import type { ResolvedJobOptions } from './job-options.ts'

/** Settings of one operator. @public */
export interface OperatorOptions {
  /** Subtasks, 1 to the job's maxParallelism; default: the parallelism of the job. */
  readonly parallelism?: number
}

/** Makes the stream of a node's output. @internal */
export type OutputOf<Guarantee extends DeliveryGuarantee> = <Out>(
  from: number,
) => DataStream<Out, Guarantee>

/** An operator id: letters, digits, `-`, `_` and `.`, at most 64 of them, a letter first. */
const operatorIdForm = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/

/** Records the operators of a job while it is defined. @internal */
export class GraphBuilder {
  readonly jobName: string
  readonly guarantee: DeliveryGuarantee
  readonly autoWatermarkIntervalMs: number
  readonly #nodes: StreamNode[] = []
  readonly #ids = new Set<string>()

  constructor(jobName: string, options: ResolvedJobOptions) {
    this.jobName = jobName
    this.guarantee = options.guarantee
    this.autoWatermarkIntervalMs = options.autoWatermarkIntervalMs
  }

  /**
   * Streams of two jobs do not meet. `doing`: what is done with them, in the third person.
   *
   * @throws FlinktsError FLINKTS_JOB_INVALID
   */
  checkSameJob(others: readonly GraphBuilder[], doing: string): void {
    if (others.every((other) => other === this)) return
    throw new FlinktsError(
      'FLINKTS_JOB_INVALID',
      `job "${this.jobName}" ${doing} streams of two jobs`,
      { hint: 'A stream belongs to the job whose environment made it.' },
    )
  }

  /**
   * Adds an operator whose id the user gave. @returns its index.
   *
   * @throws FlinktsError FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE
   */
  add(
    operatorId: string,
    operation: NodeOperation,
    inputs: readonly StreamInput[],
    options: OperatorOptions = {},
  ): number {
    if (!operatorIdForm.test(operatorId)) throw invalidId(operatorId)
    if (this.#ids.has(operatorId)) throw this.#duplicateId(operatorId)
    checkStates(operatorId, operation)
    this.#ids.add(operatorId)
    this.#nodes.push({ operatorId, operation, inputs, parallelism: options.parallelism })
    return this.#nodes.length - 1
  }

  /**
   * Adds an operator without state, and names it after where it stands: `orders.map`,
   * `orders.map2`.
   */
  addUnnamed(
    operation: NodeOperation,
    inputs: readonly StreamInput[],
    options: OperatorOptions = {},
  ): number {
    const first = defined(inputs[0], 'an operator has an input')
    const upstream = defined(this.#nodes[first.from], 'the input of an operator exists').operatorId
    const base = `${upstream}.${operation.type}`
    let operatorId = base
    for (let count = 2; this.#ids.has(operatorId); count += 1) operatorId = `${base}${count}`
    this.#ids.add(operatorId)
    this.#nodes.push({ operatorId, operation, inputs, parallelism: options.parallelism })
    return this.#nodes.length - 1
  }

  /**
   * The finished definition.
   *
   * @throws FlinktsError FLINKTS_JOB_INVALID if it has no source, nothing reads a stream to a sink,
   * or nothing reads a side output of a source
   */
  build(): StreamGraph {
    const types = new Set(this.#nodes.map(({ operation }) => operation.type))
    if (!types.has('source') || !types.has('sink')) {
      const missing = types.has('source') ? 'sink' : 'source'
      throw new FlinktsError('FLINKTS_JOB_INVALID', `job "${this.jobName}" has no ${missing}`, {
        hint:
          'A job reads at least one source, env.source(id, source), and writes at least one ' +
          'sink, stream.sinkTo(id, sink).',
      })
    }
    for (const [index, node] of this.#nodes.entries()) this.#checkSidesRead(index, node)
    return { jobName: this.jobName, nodes: this.#nodes }
  }

  #checkSidesRead(index: number, { operatorId, operation }: StreamNode): void {
    if (operation.type !== 'source') return
    const inputs = this.#nodes.flatMap((node) => node.inputs)
    for (const { id } of operation.source.sideOutputs ?? []) {
      if (inputs.some(({ from, tag }) => from === index && tag === id)) continue
      throw new FlinktsError(
        'FLINKTS_JOB_INVALID',
        `source "${operatorId}" of job "${this.jobName}" emits to the side output "${id}", ` +
          'which nothing reads',
        { hint: 'Read it, stream.sideOutput(tag), and write it to a sink: it would be lost.' },
      )
    }
  }

  #duplicateId(operatorId: string): FlinktsError {
    return new FlinktsError(
      'FLINKTS_OPERATOR_ID_DUPLICATE',
      `two operators of job "${this.jobName}" have the id "${operatorId}"`,
      { hint: 'An operator id names its state, metrics and files: give each its own.' },
    )
  }
}

function invalidId(operatorId: string): FlinktsError {
  return new FlinktsError(
    'FLINKTS_OPERATOR_ID_INVALID',
    `operator id "${operatorId}" has a wrong form`,
    { hint: 'Begin with a letter, then letters, digits, "-", "_" and ".", at most 64 in all.' },
  )
}

function checkStates(operatorId: string, operation: NodeOperation): void {
  if (operation.type === 'source' || operation.type === 'sink') return
  for (const [name, { ttl }] of Object.entries(operation.states ?? {})) {
    checkStateName(operatorId, name)
    if (ttl !== undefined) checkTtl(`state "${name}" of operator "${operatorId}"`, ttl)
  }
}

/** Names that begin with a tilde are the engine's: timers, windows. */
function checkStateName(operatorId: string, name: string): void {
  if (!name.startsWith('~')) return
  throw new FlinktsError(
    'FLINKTS_JOB_INVALID',
    `operator "${operatorId}" declares state "${name}", but names with a tilde are flinkts' own`,
    { hint: 'Give the state another name.' },
  )
}

function checkTtl(state: string, { ms, update, visibility }: StateTtl): void {
  if (!(Number.isFinite(ms) && ms > 0)) {
    throw ttlInvalid(`the time to live of ${state} is ${ms} ms`, 'Use milliseconds above 0.')
  }
  if (update !== undefined && !ttlUpdates.includes(update)) {
    throw ttlInvalid(`${state} has the update "${update}"`, oneOf(ttlUpdates))
  }
  if (visibility !== undefined && !ttlVisibilities.includes(visibility)) {
    throw ttlInvalid(`${state} has the visibility "${visibility}"`, oneOf(ttlVisibilities))
  }
}

function ttlInvalid(message: string, hint: string): FlinktsError {
  return new FlinktsError('FLINKTS_OPTION_INVALID', message, { hint })
}

function oneOf(values: readonly string[]): string {
  return `Use one of ${values.map((value) => `"${value}"`).join(', ')}.`
}

const ttlUpdates: readonly string[] = ['on-create-and-write', 'on-read-and-write']
const ttlVisibilities: readonly string[] = [
  'never-return-expired',
  'return-expired-if-not-cleaned-up',
]
