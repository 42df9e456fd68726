import type { Clock, Logger, Scheduler } from '@flinkts/core/connector'
import type { PostgresClient, PostgresDriver, ReplicationClient } from '../client.ts'
import { applicationName, defaultName } from './names.ts'
import type { ResolvedPostgresCdcOptions } from '../options.ts'
import type { TypeCatalog } from '../values/type-catalog.ts'

/** What the engine gives to both enumerator and reader, as far as connections need it. @internal */
export interface SourcePlace {
  readonly jobName: string
  readonly operatorId: string
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly logger: Logger
}

/**
 * What every part of the source shares on its thread: how to connect, and under which names.
 * @internal
 */
export class SourceContext {
  readonly options: ResolvedPostgresCdcOptions
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly logger: Logger
  readonly types: TypeCatalog
  readonly slot: string
  readonly publication: string
  readonly #driver: PostgresDriver
  readonly #place: SourcePlace

  constructor(
    options: ResolvedPostgresCdcOptions,
    driver: PostgresDriver,
    types: TypeCatalog,
    place: SourcePlace,
  ) {
    this.options = options
    this.clock = place.clock
    this.scheduler = place.scheduler
    this.logger = place.logger
    this.types = types
    this.slot = options.slot ?? defaultName(place.jobName, place.operatorId)
    this.publication = options.publication ?? this.slot
    this.#driver = driver
    this.#place = place
  }

  /** @throws FlinktsError as `PostgresDriver.connect` */
  connect(role: string, signal: AbortSignal): Promise<PostgresClient> {
    return this.#driver.connect(this.options.connection, {
      applicationName: applicationName(this.#place, role),
      signal,
      types: this.types,
    })
  }

  /** @throws FlinktsError as `PostgresDriver.connectReplication` */
  connectReplication(
    signal: AbortSignal,
    loadTypes: (typeOids: readonly number[]) => Promise<void>,
  ): Promise<ReplicationClient> {
    return this.#driver.connectReplication(this.options.connection, {
      applicationName: applicationName(this.#place, 'stream'),
      signal,
      types: this.types,
      clock: this.clock,
      scheduler: this.scheduler,
      loadTypes,
    })
  }
}
