import { FlinktsError } from '../common/errors.ts'
import type { Storage } from '../common/storage.ts'
import type { NodeOperation } from '../graph/stream-node.ts'
import type { FlowControl } from '../network/flow-control.ts'
import type { Output } from '../network/output.ts'
import { KeyedProcessOperator } from '../operators/keyed-process.ts'
import { KeyedStateSnapshots } from '../operators/keyed-state-snapshots.ts'
import type { Operator } from '../operators/operator.ts'
import { HeapStateBackend } from '../state/heap-state-backend.ts'
import { keyGroupRange } from '../state/key.ts'
import type { SliceLimits } from '../state/keyed-snapshot.ts'
import type { KeyedStateHandle } from '../state/operator-state.ts'

/** @internal */
export interface KeyedProcessParts {
  readonly operatorId: string
  readonly operation: Extract<NodeOperation, { readonly type: 'process' }>
  readonly subtask: number
  readonly parallelism: number
  readonly maxParallelism: number
  /** Files that hold entries of the subtask's key groups, and maybe others. */
  readonly restored: readonly KeyedStateHandle[]
  readonly storage: Storage
  readonly sliceLimits: SliceLimits
  readonly output: Output
  readonly flow: FlowControl
}

/** A keyed operator with its state; the state is restored when it opens. @internal */
export function buildKeyedProcess(parts: KeyedProcessParts): Operator {
  const { operatorId, operation, subtask, parallelism, maxParallelism, storage } = parts
  const backend = new HeapStateBackend({
    operatorId,
    range: keyGroupRange(subtask, parallelism, maxParallelism),
    maxParallelism,
    sliceLimits: parts.sliceLimits,
  })
  return new KeyedProcessOperator(operatorId, {
    function: operation.process,
    selectKey: operation.selectKey,
    backend,
    snapshots: new KeyedStateSnapshots(storage, { operatorId, subtask }),
    output: parts.output,
    flow: parts.flow,
    restore: () => restore(backend, parts),
  })
}

async function restore(backend: HeapStateBackend, parts: KeyedProcessParts): Promise<void> {
  for (const { path } of parts.restored) {
    const bytes = await parts.storage.read(path)
    if (bytes !== undefined) {
      backend.restore(bytes)
      continue
    }
    throw new FlinktsError(
      'FLINKTS_CHECKPOINT_CORRUPT',
      `state file "${path}" of operator "${parts.operatorId}" is missing in ` +
        parts.storage.location,
      { hint: 'Restore the file from a backup, or start from an older checkpoint with --from.' },
    )
  }
}
