/** Whether records of transactions are read before they are committed. @public */
export type Isolation = 'read-uncommitted' | 'read-committed'

/** As on the wire. @internal */
export function isolationLevel(isolation: Isolation): number {
  return isolation === 'read-committed' ? 1 : 0
}
