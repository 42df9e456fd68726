import { table, logDriver } from './drivers.ts'
import { TableSource } from './table-source.ts'

/** An honest source, for processes of the kit too. */
export const driver: ReturnType<typeof logDriver> = logDriver(
  'honest table source',
  table,
  (upstream) => new TableSource(upstream),
  import.meta.url,
)
