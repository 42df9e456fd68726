import type { Mutant } from './mutant.ts'

const source = 'packages/core/src'
const test = 'packages/core/test'
const simulation = `${test}/testing/simulation.sim.test.ts`

/** Checkpoints, commits, restores and fencing: I1 to I7 of ARCHITECTURE.md. */
export const engineMutants: readonly Mutant[] = [
  {
    name: 'commit-before-complete',
    breaks: 'I1: sinks commit when all have acknowledged, before the checkpoint exists',
    file: `${source}/checkpoint/checkpoint-coordinator.ts`,
    find: '      const notice = await this.#complete(checkpointId, { kind, states, enumerators })',
    replace: `      const early = { checkpointId, oldestRetainedId: 0 }
      this.#tell(this.#parts.tasks, { type: 'checkpoint-completed', notice: early })
      const notice = await this.#complete(checkpointId, { kind, states, enumerators })`,
    tests: [`${test}/checkpoint/checkpoint-coordinator.test.ts`, simulation],
  },
  {
    name: 'commit-a-later-checkpoint',
    breaks: 'I1: a notice commits whatever is prepared, also for checkpoints after it',
    file: `${source}/operators/sink.ts`,
    find: 'if (first === undefined || first.checkpointId > checkpointId) return',
    replace: 'if (first === undefined) return',
    tests: [`${test}/operators/sink.test.ts`],
  },
  {
    name: 'acknowledge-newest',
    breaks: 'I2: sources acknowledge the newest checkpoint, not the oldest retained one',
    file: `${source}/checkpoint/checkpoint-store.ts`,
    find: '    return { checkpointId, oldestRetainedId }',
    replace:
      '    return { checkpointId, oldestRetainedId: Math.max(checkpointId, oldestRetainedId) }',
    tests: [`${test}/checkpoint/checkpoint-store.test.ts`, simulation],
  },
  {
    name: 'acknowledge-before-durable',
    breaks: 'a task acknowledges a checkpoint while what it holds is still being written',
    file: `${source}/task/stream-task.ts`,
    find: 'const settled = await Promise.allSettled(snapshots.map((snapshot) => snapshot.state))',
    replace: `const unsettled = Promise.resolve([] as OperatorSubtaskState[])
    const settled = await Promise.allSettled(
      snapshots.map((snapshot) => Promise.race([unsettled, snapshot.state])),
    )`,
    tests: [`${test}/task/stream-task.test.ts`, simulation],
  },
  {
    name: 'drop-restored-committables',
    breaks: 'I3: of a restored checkpoint, only what was prepared for it is committed',
    file: `${source}/scheduler/recovery-commit.ts`,
    find: '    .flatMap((state) => state.committables)',
    replace: `    .flatMap((state) => state.committables)
    .filter((item) => item.checkpointId === checkpointId)`,
    tests: [`${test}/scheduler/recovery-commit.test.ts`],
  },
  {
    name: 'forget-before-commit',
    breaks: 'I3: a committable leaves the state when its commit begins, not when it is confirmed',
    file: `${source}/operators/sink.ts`,
    find: `      await this.#commit(await first.committables)
      this.#prepared.shift()`,
    replace: `      this.#prepared.shift()
      await this.#commit(await first.committables)`,
    tests: [`${test}/operators/sink.test.ts`],
  },
  {
    name: 'drop-aborted-committables',
    breaks: 'I7: what a failed checkpoint had prepared is not held by the next one',
    file: `${source}/operators/sink.ts`,
    find: 'this.#serialize([...this.#prepared])',
    replace: 'this.#serialize(this.#prepared.slice(-1))',
    tests: [`${test}/operators/sink.test.ts`, simulation],
  },
  {
    name: 'not-fenced',
    breaks: 'I5: an attempt does not fence those before it',
    file: `${source}/checkpoint/attempt-store.ts`,
    find: '    await this.#fenceBelow(record.attempt)\n',
    replace: '',
    tests: [`${test}/checkpoint/attempt-store.test.ts`],
  },
  {
    name: 'publish-past-the-fence',
    breaks: "I5: a manifest gets its name without passing through the attempt's directory",
    file: `${source}/checkpoint/attempt.ts`,
    find: 'rename(from, held)) && (await this.#parts.storage.rename(held, to))',
    replace: 'rename(held === from ? held : from, to))',
    tests: [`${test}/checkpoint/checkpoint-store.sim.test.ts`],
  },
  {
    name: 'use-an-id-again',
    breaks: 'I5: an attempt begins at the id that its predecessor wrote down, which it has used',
    file: `${source}/checkpoint/attempt-store.ts`,
    find: 'Math.max(nextCheckpointId, await this.#firstFreeCheckpointId())',
    replace: 'nextCheckpointId',
    tests: [`${test}/checkpoint/attempt-store.test.ts`],
  },
  {
    name: 'forget-pending-barrier',
    breaks: 'I6: a channel that has delivered its barrier is not held back',
    file: `${source}/task/barrier-aligner.ts`,
    find: 'return this.#aligning && this.#aligned.has(channel)',
    replace: 'return this.#aligning && !this.#aligned.has(channel)',
    tests: [`${test}/task/barrier-aligner.test.ts`, simulation],
  },
  {
    name: 'cut-before-the-last-barrier',
    breaks: 'I6: a task takes its checkpoint when one barrier is still missing',
    file: `${source}/task/barrier-aligner.ts`,
    find: 'if (this.#aligned.size < this.#channelCount) return false',
    replace: 'if (this.#aligned.size < this.#channelCount - 1) return false',
    tests: [`${test}/task/barrier-aligner.test.ts`],
  },
  {
    name: 'cut-inside-an-emission',
    breaks: 'I6: a barrier is taken while the record before it is still being emitted',
    file: `${source}/task/gate-input.ts`,
    find: "        if (flow.unfinished) return 'halted'\n",
    replace: '',
    tests: [`${test}/task/gate-input.test.ts`, simulation],
  },
  {
    name: 'source-cut-inside-an-emission',
    breaks: 'I6: a source takes its checkpoint while its last record is still being emitted',
    file: `${source}/task/source-input.ts`,
    find: "      if (flow.unfinished) return 'halted'\n",
    replace: '',
    tests: [`${test}/task/source-input.test.ts`],
  },
  {
    name: 'split-behind-a-trigger',
    breaks: 'I6: a split assigned after the trigger gets into both snapshots',
    file: `${source}/task/stream-task.ts`,
    find: "while (this.#status === 'running' && this.#parts.sourceInput?.triggered !== true) {",
    replace: "while (this.#status === 'running') {",
    tests: [`${test}/task/stream-task.test.ts`],
  },
  {
    name: 'enumerator-snapshot-late',
    breaks: 'I6: the enumerator is snapshotted when the tasks have acknowledged',
    file: `${source}/checkpoint/checkpoint-coordinator.ts`,
    find: `      const enumerators = this.#parts.snapshotEnumerators(checkpointId)
      const result = await this.#collect(checkpointId, kind)`,
    replace: `      const result = await this.#collect(checkpointId, kind)
      const enumerators = this.#parts.snapshotEnumerators(checkpointId)`,
    tests: [`${test}/checkpoint/checkpoint-coordinator.test.ts`],
  },
  {
    name: 'complete-without-a-task',
    breaks: 'a checkpoint completes although one task has not acknowledged it',
    file: `${source}/checkpoint/pending-checkpoint.ts`,
    find: '    if (this.#awaited.size > 0) return\n',
    replace: '    if (this.#awaited.size > 1) return\n',
    tests: [`${test}/checkpoint/checkpoint-coordinator.test.ts`, simulation],
  },
  {
    name: 'count-a-late-acknowledgement',
    breaks: 'an acknowledgement of an earlier checkpoint counts for the pending one',
    file: `${source}/checkpoint/checkpoint-coordinator.ts`,
    find: "'checkpoint-acknowledged' && event.checkpointId === pending?.checkpointId) {",
    replace: "'checkpoint-acknowledged' && pending !== undefined) {",
    tests: [`${test}/checkpoint/late-messages.test.ts`],
  },
  {
    name: 'no-pre-image',
    breaks: 'state that is changed while a snapshot is written is stored as it is later',
    file: `${source}/state/slot-table.ts`,
    find: `  touch(slot: number): unknown {
    if (this.#epoch !== 0) this.#preserve(slot)`,
    replace: '  touch(slot: number): unknown {',
    tests: [`${test}/state/keyed-snapshot.test.ts`],
  },
  {
    name: 'restore-own-file-only',
    breaks: 'after a change of parallelism, a subtask restores only the file of its own number',
    file: `${source}/scheduler/restore-plan.ts`,
    find: 'const disjoint = old.last < range.first || range.last < old.first',
    replace: 'const disjoint = state.subtask !== subtask || old.last < range.first',
    tests: [`${test}/scheduler/restore-plan.test.ts`],
  },
  {
    name: 'fall-back-over-commits',
    breaks: 'a damaged checkpoint is passed over although output was committed after the older one',
    file: `${source}/checkpoint/restore-choice.ts`,
    find: 'committable.checkpointId <= older',
    replace: 'committable.checkpointId >= older',
    tests: [`${test}/checkpoint/checkpoint-store.test.ts`],
  },
  {
    name: 'watermark-overtakes',
    breaks: 'a watermark passes a record that is still being emitted',
    file: `${source}/operators/source.ts`,
    find: '    if (this.#parts.flow.unfinished) return\n',
    replace: '',
    tests: [`${test}/operators/source.test.ts`],
  },
  {
    name: 'order-lost-in-a-pause',
    breaks: 'what a resumed emission suspends anew goes behind what came after it',
    file: `${source}/network/flow-control.ts`,
    find: '        this.#suspended.push(...emissions.slice(index))',
    replace: '        this.#suspended.unshift(...emissions.slice(index))',
    tests: [`${test}/network/flow-control.test.ts`],
  },
  {
    name: 'successor-unnoticed',
    breaks: 'I5: an attempt does not notice the one that has taken over from it',
    file: `${source}/checkpoint/attempt.ts`,
    find: '    if (newest > this.number) throw',
    replace: '    if (newest > this.number + 1) throw',
    tests: [`${test}/checkpoint/attempt-store.test.ts`],
  },
]
