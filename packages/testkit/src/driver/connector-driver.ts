/** What JSON can hold: it goes to other processes. @public */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue }

/** What the drivers of sinks and of sources have in common. @public */
export interface ConnectorDriver<Capabilities extends object> {
  /** Names the connector in reports, such as `filesystem sink`. */
  readonly name: string
  /** The URL of the module that exports this driver: `import.meta.url`. */
  readonly module: string
  /** What the connector promises. */
  readonly capabilities: Capabilities
  /**
   * The versions of what is tested, such as `{ '@flinkts/filesystem': '0.1.0', server: '17.2' }`.
   */
  versions(): Promise<Readonly<Record<string, string>>>
}
