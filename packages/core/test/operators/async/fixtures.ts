import { defined } from '../../../src/common/assert.ts'
import type { AsyncContext } from '../../../src/connector/async-function.ts'
import type { AsyncOptions } from '../../../src/operators/async/async-options.ts'
import {
  type HarnessOptions,
  type OperatorHarness,
  operatorHarness,
} from '../../../src/testing/operator-harness.ts'
import type { HarnessElement } from '../../../src/testing/harness/harness-outputs.ts'

interface Call {
  readonly value: string
  readonly attempt: number
  readonly context: AsyncContext
  readonly promise: PromiseWithResolvers<string>
}

/** An outside service, whose answers come when a test says so. */
export class Service {
  readonly calls: Call[] = []

  readonly call = (value: string, context: AsyncContext): Promise<string> => {
    const promise = Promise.withResolvers<string>()
    this.calls.push({ value, attempt: context.attempt, context, promise })
    return promise.promise
  }

  get values(): readonly string[] {
    return this.calls.map(({ value }) => value)
  }

  /** Answers the last call for each value, in this order. */
  answer(...values: readonly string[]): void {
    for (const value of values) this.callOf(value).promise.resolve(value.toUpperCase())
  }

  fail(value: string): void {
    this.callOf(value).promise.reject(new Error(`no ${value} today`))
  }

  callOf(value: string): Call {
    const call = this.calls.findLast((candidate) => candidate.value === value)
    return defined(call, 'the service was called for the value')
  }
}

export function harnessOf(
  service: Service,
  options: Partial<AsyncOptions<string, string>> = {},
  harness: HarnessOptions = {},
): Promise<OperatorHarness<string, string>> {
  const resolved = { timeoutMs: 1000, ...options }
  return operatorHarness((input) => input.mapAsync('enrich', service.call, resolved), harness)
}

/** What came out: records as they are, watermarks and idleness as text. */
export function textsOf(elements: readonly HarnessElement<string>[]): readonly string[] {
  return elements.map((element) => {
    if (element.type === 'record') return element.value
    if (element.type === 'watermark') return `watermark ${element.timestamp}`
    return element.idle ? 'idle' : 'active'
  })
}
