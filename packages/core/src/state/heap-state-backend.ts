import { assert, unreachable } from '../common/assert.ts'
import { FlinktsError } from '../common/errors.ts'
import { CurrentEntry, CurrentKey } from './current-entry.ts'
import {
  type BlockReader,
  ColumnReader,
  describe,
  EntryReader,
  type EntryScope,
  type StoredList,
  type StoredMap,
  type StoredTimes,
} from './entry-codec.ts'
import {
  type Key,
  type KeyGroupRange,
  inRange,
  keyGroupOfHash,
  keyHash,
  keyIdentity,
  type KeyIdentity,
  keyOfIdentity,
} from './key.ts'
import {
  defaultSliceLimits,
  HeapSnapshot,
  type KeyedSnapshot,
  type SliceLimits,
  type SnapshotTable,
} from './keyed-snapshot.ts'
import { checkKeyKind } from './key-kind.ts'
import type { KeyedStateInfo } from './operator-state.ts'
import {
  type StateDeclarations,
  type StateDescriptor,
  type States,
  valueState,
} from './state-descriptor.ts'
import type { SlotTable } from './slot-table.ts'
import { createHandle } from './state-handle.ts'
import { NamespacedTables, voidNamespace } from './state-tables.ts'
import type { TimedList } from './state-ttl.ts'
import { TtlSweeper } from './ttl-sweeper.ts'
import { corruptStateFile, type EntryBlock, StateFileReader } from './state-file.ts'

/** Whose keyed state a backend keeps. @internal */
export interface HeapStateBackendOptions {
  readonly operatorId: string
  /** The key groups of the subtask. */
  readonly range: KeyGroupRange
  /** The number of key groups of the job. */
  readonly maxParallelism: number
  /** How much one step of writing a snapshot does at most. */
  readonly sliceLimits?: SliceLimits
  /**
   * The time by which values expire, milliseconds since 1970: it stands still while a record is
   * processed. Needed by states with a time to live.
   */
  readonly now?: () => number
}

/**
 * The keyed state of one operator subtask, in memory. Runs on the task's thread.
 *
 * Order of calls: `state` for every declared state, `restore` for every file that may hold entries
 * of the subtask, then `setKeyOfRecord` before every record. `snapshot` between records.
 *
 * Several snapshots may be open at once, and each of them is right; every one costs a copy in
 * serial form of the entries that are touched while it is open. So release aborted ones.
 *
 * @internal
 */
export class HeapStateBackend {
  readonly #operatorId: string
  readonly #range: KeyGroupRange
  readonly #maxParallelism: number
  readonly #sliceLimits: SliceLimits
  readonly #now: () => number
  readonly #current = new CurrentKey()
  readonly #states = new Map<string, HeapState>()
  readonly #restored: KeyGroupRange[] = []
  readonly #sweepers: TtlSweeper[] = []
  #key: Key | undefined = undefined
  /** Since a restore, until the first key has shown that the keys are still of a kind. */
  #kindDoubtful = false
  #epoch = 0

  constructor(options: HeapStateBackendOptions) {
    const { range, maxParallelism } = options
    assert(
      range.first >= 0 && range.first <= range.last && range.last < maxParallelism,
      'a range of key groups is off',
    )
    this.#operatorId = options.operatorId
    this.#range = range
    this.#maxParallelism = maxParallelism
    this.#sliceLimits = options.sliceLimits ?? defaultSliceLimits
    this.#now = options.now ?? noTime
  }

  get operatorId(): string {
    return this.#operatorId
  }

  /** The key groups of the subtask. */
  get range(): KeyGroupRange {
    return this.#range
  }

  /** The number of key groups of the job. */
  get maxParallelism(): number {
    return this.#maxParallelism
  }

  /** Index of the key group of the current key in the range. */
  get currentGroup(): number {
    return this.#current.tableIndex
  }

  /** The current key; `undefined` before the first one and after `restore`. */
  get currentKey(): Key | undefined {
    return this.#key
  }

  /** The `keyHash` of the current key. */
  get currentHash(): number {
    return this.#current.hash
  }

  get currentIdentity(): KeyIdentity {
    return this.#current.identity
  }

  /** The number of entries, over all states: keys that have a value, list or map. */
  get entryCount(): number {
    let count = 0
    for (const { tables } of this.#states.values()) count += tables.entryCount
    return count
  }

  /** The handle of a state; it always works on the current key. Declares the state. */
  state<S>(name: string, descriptor: StateDescriptor<S>): S {
    const found = this.#states.get(name)
    assert(found === undefined || found.scope.kind === descriptor.kind, 'a state has two kinds')
    const state = found ?? this.#declare(name, descriptor)
    return state.handle as S
  }

  /** The same for a state of key groups: each of its keys stands for the key group it is of. */
  groupState<S>(name: string, descriptor: StateDescriptor<S>): S {
    const state = this.#declare(name, descriptor)
    state.holds = 'key-groups'
    return state.handle as S
  }

  /** The handles of all states that an operator declares. */
  statesOf(declarations: StateDeclarations): States<StateDeclarations> {
    const handles = Object.entries(declarations).map(([name, descriptor]) => [
      name,
      this.state(name, descriptor),
    ])
    return Object.fromEntries(handles) as States<StateDeclarations>
  }

  /**
   * The tables of a state with namespaces, which the caller reads and writes itself: one value for
   * each key and namespace. Declares the state.
   */
  namespaced(name: string): NamespacedTables {
    assert(!this.#states.has(name), 'a state with namespaces is declared twice')
    const tables = new NamespacedTables(this.#groupCount, true)
    return this.#declareTables(name, valueState(), tables).tables
  }

  /** The declared states, in the order of declaration. */
  states(): readonly KeyedStateInfo[] {
    return [...this.#states.values()].map(({ scope }) => ({
      name: scope.stateName,
      kind: scope.kind,
    }))
  }

  /**
   * Sets the key of a record, as `setCurrentKey` does.
   *
   * @throws FlinktsError FLINKTS_KEY_INVALID
   * @throws FlinktsError FLINKTS_STATE_INCOMPATIBLE if it is the first one after a restore, and all
   * restored keys are of another kind
   */
  setKeyOfRecord(key: Key): void {
    this.setCurrentKey(key)
    if (!this.#kindDoubtful) return
    checkKeyKind(key, this.#keys(), this.#operatorId)
    this.#kindDoubtful = false
  }

  /**
   * Sets the key for which states are read and written. Its key group must be of the subtask.
   *
   * @throws FlinktsError FLINKTS_KEY_INVALID
   */
  setCurrentKey(key: Key): void {
    // A tuple that is the same object may have other elements; no key is no key also at first.
    if (key === this.#key && typeof key !== 'object' && key !== undefined) return
    const hash = keyHash(key, this.#operatorId)
    const keyGroup = keyGroupOfHash(hash, this.#maxParallelism)
    assert(inRange(keyGroup, this.#range), 'a key arrived at a subtask that does not own it')
    this.#current.set(keyIdentity(key, this.#operatorId), hash, keyGroup - this.#range.first)
    this.#key = key
  }

  /** The same for a key of this backend whose identity and `keyHash` are known. */
  setCurrentIdentity(identity: KeyIdentity, hash: number): void {
    const keyGroup = keyGroupOfHash(hash, this.#maxParallelism)
    this.#current.set(identity, hash, keyGroup - this.#range.first)
    this.#key = keyOfIdentity(identity)
  }

  /** From now on there is no current key. */
  clearCurrentKey(): void {
    this.#current.clear()
    this.#key = undefined
  }

  /** Calls `visit` for every entry of a state, which it must neither keep nor change. */
  forEach(
    name: string,
    visit: (identity: KeyIdentity, hash: number, stored: unknown) => void,
  ): void {
    const state = this.#states.get(name)
    assert(state !== undefined, 'a state is declared before it is visited')
    const tables = state.tables.findOrCreate(voidNamespace)
    for (let index = 0; index <= this.#range.last - this.#range.first; index += 1) {
      tables.find(index)?.forEach((identity, stored) => {
        visit(identity, keyHash(keyOfIdentity(identity), this.#operatorId), stored)
      })
    }
  }

  /** Removes some of what is expired; see `TtlSweeper`. Call it between records. */
  sweep(): void {
    if (this.#sweepers.length === 0) return
    const now = this.#now()
    for (const sweeper of this.#sweepers) {
      if (sweeper.sweep(sweepSlotsMax, now)) this.#current.forgetEntries()
    }
  }

  /** Takes a snapshot: cheap, whatever the size of the state. Call it between records. */
  snapshot(): KeyedSnapshot {
    this.#epoch += 1
    const range = this.#range
    const states = [...this.#states.values()].map(({ scope }) => {
      return { name: scope.stateName, kind: scope.kind, timed: scope.ttl !== undefined }
    })
    const header = { maxParallelism: this.#maxParallelism, range, states }
    const time = { epoch: this.#epoch, now: this.#ttlNow }
    return new HeapSnapshot(time, header, this.#tables(), this.#sliceLimits)
  }

  /**
   * Adds the entries of a state file that are of this range. Call it with every state declared,
   * before the first record, and at most once for every file: files must not share key groups.
   *
   * @throws FlinktsError FLINKTS_CHECKPOINT_CORRUPT if the file is damaged
   * @throws FlinktsError FLINKTS_STATE_UNREADABLE if a version or value in it is unknown
   * @throws FlinktsError FLINKTS_STATE_INCOMPATIBLE if a state has another kind, or the job another
   * number of key groups
   * @throws FlinktsError FLINKTS_STATE_ORPHANED if a state in it is not declared
   */
  restore(file: Uint8Array): void {
    const reader = new StateFileReader(file, this.#owner)
    const { header } = reader
    if (header.maxParallelism !== this.#maxParallelism) {
      throw this.#otherMaxParallelism(header.maxParallelism)
    }
    const states = header.states.map((info) => this.#declared(info))
    this.#addRestored(header.range)
    // One table after the other: what is filled stays in the caches of the processor.
    const blocks = [...reader.blocks()].toSorted(byKeyGroup)
    this.#reserve(states, blocks)
    for (const block of blocks) {
      const state = states[block.state]
      assert(state !== undefined, 'a block of a state file is of no state')
      const { keyGroup } = block
      if (keyGroup === undefined || inRange(keyGroup, this.#range)) {
        const timed = header.states[block.state]?.timed === true
        this.#restoreBlock(state, block, { range: header.range, timed })
      }
    }
    this.clearCurrentKey()
    this.#kindDoubtful = true
  }

  /** The time by which values expire, if any do. */
  get #ttlNow(): number {
    return this.#sweepers.length === 0 ? 0 : this.#now()
  }

  get #groupCount(): number {
    return this.#range.last - this.#range.first + 1
  }

  get #owner(): string {
    return `operator "${this.#operatorId}"`
  }

  #declare(name: string, descriptor: StateDescriptor<unknown>): HeapState {
    const state = this.#declareTables(
      name,
      descriptor,
      new NamespacedTables(this.#groupCount, false),
    )
    const { scope } = state
    const tables = state.tables.findOrCreate(voidNamespace)
    const { operatorId, ttl } = scope
    const entry = new CurrentEntry(this.#current, tables)
    state.handle = createHandle(descriptor, { operatorId, entry, now: this.#now })
    if (ttl !== undefined) this.#sweepers.push(new TtlSweeper(scope, tables))
    return state
  }

  #declareTables(
    name: string,
    { kind, ttl }: StateDescriptor<unknown>,
    tables: NamespacedTables,
  ): HeapState {
    const scope = { operatorId: this.#operatorId, stateName: name, kind, ttl }
    const state: HeapState = { scope, tables, handle: undefined, holds: 'keys' }
    this.#states.set(name, state)
    return state
  }

  /** The keys that have state; one that has several states comes several times. */
  *#keys(): Iterable<KeyIdentity> {
    for (const { tables, holds } of this.#states.values()) {
      if (holds === 'keys') yield* tables.keys()
    }
  }

  /** The tables with entries, by key group, and then by state and namespace. */
  #tables(): SnapshotTable[] {
    const parts = [...this.#states.values()].flatMap(({ tables, scope }, state) =>
      [...tables.namespaces()].map((namespace) => ({
        part: { scope, state, namespace },
        tables: tables.findOrCreate(namespace),
      })),
    )
    const result: SnapshotTable[] = []
    for (let index = 0; index < this.#groupCount; index += 1) {
      for (const { part, tables } of parts) {
        const table = tables.at(index)
        if (table === undefined || table.size === 0) continue
        const shared = tables.count < this.#groupCount
        result.push({ table, part, keyGroup: shared ? undefined : this.#range.first + index })
      }
    }
    return result
  }

  /** The state that a restored one continues. */
  #declared(info: KeyedStateInfo): HeapState {
    const state = this.#states.get(info.name)
    if (state === undefined) {
      throw new FlinktsError(
        'FLINKTS_STATE_ORPHANED',
        `the checkpoint holds state "${info.name}" of ${this.#owner}, which does not declare it`,
        { hint: 'Declare the state under its old name, or start without the checkpoint.' },
      )
    }
    if (state.scope.kind !== info.kind) {
      throw new FlinktsError(
        'FLINKTS_STATE_INCOMPATIBLE',
        `${describe(state.scope)} has the kind "${state.scope.kind}", but the checkpoint holds ` +
          `it with the kind "${info.kind}"`,
        {
          hint: `Declare it with the kind "${info.kind}", or give the new state another name.`,
        },
      )
    }
    return state
  }

  /** Two files of one key group would add up to a state that never was. */
  #addRestored(range: KeyGroupRange): void {
    for (const other of this.#restored) {
      const disjoint = range.last < other.first || range.first > other.last
      assert(disjoint, 'two restored state files cover the same key group')
    }
    this.#restored.push(range)
  }

  /** Tables that grow step by step while they are filled take longer, and more room. */
  #reserve(states: readonly HeapState[], blocks: readonly EntryBlock[]): void {
    const counts = new Map<SlotTable, number>()
    for (const { keyGroup, state, namespace, entryCount } of blocks) {
      const tables = states[state]?.tables
      if (tables === undefined || keyGroup === undefined || !inRange(keyGroup, this.#range))
        continue
      const group = keyGroup - this.#range.first
      const table = tables.findOrCreate(namespace).findOrCreate(group)
      counts.set(table, (counts.get(table) ?? 0) + entryCount)
    }
    for (const [table, count] of counts) table.reserve(count)
  }

  #restoreBlock(
    state: HeapState,
    block: EntryBlock,
    file: { readonly range: KeyGroupRange; readonly timed: boolean },
  ): void {
    const times = { timed: file.timed, now: this.#ttlNow }
    const entries = readerOf(state.scope, block, times)
    const tables = state.tables.findOrCreate(block.namespace)
    for (let i = 0; i < block.entryCount; i += 1) {
      entries.read()
      const { key, stored } = entries
      const hash = keyHash(keyOfIdentity(key), this.#operatorId)
      const keyGroup = keyGroupOfHash(hash, this.#maxParallelism)
      if (keyGroup !== (block.keyGroup ?? keyGroup) || !inRange(keyGroup, file.range)) {
        throw this.#corrupt('a key of it is in a wrong key group')
      }
      if (stored === undefined || !inRange(keyGroup, this.#range)) continue
      const table = tables.findOrCreate(keyGroup - this.#range.first)
      const slot = table.find(hash, key)
      if (slot < 0) table.insert(hash, key, stored)
      else this.#merge(state.scope, table.touch(slot), stored)
    }
    if (entries.remaining > 0) throw this.#corrupt('bytes follow the entries of a block')
  }

  /** Adds the elements of an entry to those of an earlier entry of the same key. */
  #merge(scope: EntryScope, stored: unknown, added: unknown): void {
    switch (scope.kind) {
      case 'value':
      case 'reducing':
      case 'aggregating':
        throw this.#corrupt('a key of it has two values')
      case 'list':
        if (scope.ttl !== undefined) {
          appendTimed(stored as TimedList, added as TimedList)
          return
        }
        for (const value of added as StoredList) (stored as StoredList).push(value)
        return
      case 'map':
        for (const [key, value] of added as StoredMap) (stored as StoredMap).set(key, value)
        return
      default:
        unreachable(scope.kind)
    }
  }

  #corrupt(what: string): FlinktsError {
    return corruptStateFile(this.#owner, what)
  }

  #otherMaxParallelism(stored: number): FlinktsError {
    return new FlinktsError(
      'FLINKTS_STATE_INCOMPATIBLE',
      `the checkpoint has ${stored} key groups for ${this.#owner}, but the job has ` +
        `${this.#maxParallelism}`,
      { hint: `Set maxParallelism to ${stored}: it cannot change while state is kept.` },
    )
  }
}

/** A declared state. */
interface HeapState {
  readonly scope: EntryScope
  readonly tables: NamespacedTables
  /** What functions read and write it by; `undefined` for a state with namespaces. */
  handle: unknown
  /** What its entries are of. */
  holds: 'keys' | 'key-groups'
}

function byKeyGroup(one: EntryBlock, other: EntryBlock): number {
  return (one.keyGroup ?? -1) - (other.keyGroup ?? -1)
}

function readerOf(scope: EntryScope, block: EntryBlock, times: StoredTimes): BlockReader {
  if (block.form === 'entries') return new EntryReader(scope, block.entries, times)
  return new ColumnReader(scope, block, times.now)
}

function appendTimed(stored: TimedList, added: TimedList): void {
  for (const value of added.values) stored.values.push(value)
  for (const time of added.times) stored.times.push(time)
}

function noTime(): number {
  assert(false, 'a state with a time to live needs a clock')
}

/** Slots of a state that one sweep looks at. */
const sweepSlotsMax = 32
