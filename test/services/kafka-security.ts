/** How clients reach the brokers. @internal */
export interface KafkaSecurity {
  /** Kafka's name of the protocol of the listener for clients. */
  readonly protocol: 'PLAINTEXT' | 'SASL_PLAINTEXT' | 'SSL'
  readonly settings: Readonly<Record<string, string>>
  /** Arguments of the command that formats the storage. */
  readonly formatArguments: readonly string[]
  readonly files: Readonly<Record<string, string>>
  readonly tls?: { readonly ca: string }
}

/** Everybody may do everything. @internal */
export const plaintext: KafkaSecurity = {
  protocol: 'PLAINTEXT',
  settings: {},
  formatArguments: [],
  files: {},
}
