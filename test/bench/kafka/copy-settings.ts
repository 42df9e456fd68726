/** What a process that copies a topic is told, as JSON in its first argument. */
export interface CopySettings {
  /** `host:port`, with commas between. */
  readonly brokers: string
  readonly input: string
  readonly output: string
  /** Bytes through; or parsed, its price in another currency, and serialized. */
  readonly work: Work
  readonly delivery: 'exactly-once' | 'at-least-once'
  /** Milliseconds between two checkpoints, or two commits. */
  readonly commitIntervalMs: number
  /** For checkpoints and state; empty. */
  readonly folder: string
  /** Like no other: of groups, transactional ids and applications. */
  readonly name: string
}

export type Work = 'bytes' | 'map'

/** A bid, as JSON of 200 bytes. */
export interface Bid {
  readonly seq: number
  readonly t: number
  readonly auction: number
  readonly bidder: number
  readonly price: number
  readonly channel: string
  readonly extra: string
}

/** @param t - When it was due, in milliseconds since 1970; 0: nobody asks. */
export function bidText(seq: number, t: number, bytes = 200): string {
  const head =
    `{"seq":${seq},"t":${t},"auction":${1000 + (seq % 997)},"bidder":${1000 + (seq % 7919)},` +
    `"price":${priceOf(seq)},"channel":"apple","extra":"`
  return `${head}${'x'.repeat(Math.max(0, bytes - head.length - 2))}"}`
}

/** In dollars. */
export function priceOf(seq: number): number {
  return 100 + ((seq * 7919) % 999_900)
}

/** From dollars into euros. */
export function convertedPrice(price: number): number {
  return Math.floor((price * 908) / 1000)
}

export function parseCopySettings(args: readonly string[]): CopySettings {
  return JSON.parse(args[0] ?? '') as CopySettings
}
