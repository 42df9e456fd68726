import { LocalObjectStore } from './local-object-store.ts'
import type { ObjectStore } from './object-store.ts'

/** What has a report. @internal */
export type ReportedConnector = 'sink' | 'source' | 'source-watching'

/** The reports of the conformance kit on a connector: on local directories only. @internal */
export function reportsOn(store: ObjectStore, connector: ReportedConnector): readonly string[] {
  if (!(store instanceof LocalObjectStore)) return []
  return [new URL(`../conformance/${connector}/conformance.json`, import.meta.url).href]
}
