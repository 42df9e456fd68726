/** A process, as it is known to the others that share its storage. @internal */
export interface ProcessIdentity {
  /** The name of the host, for people. */
  readonly host: string
  /** Where `pid` is unique: this boot of the machine, and its pid namespace. */
  readonly pidSpace: string
  readonly pid: number
  /**
   * When the process started, in a form that can only be compared; absent if it cannot be known.
   */
  readonly processStart?: string
  /** Random, drawn once by the process. */
  readonly nonce: string
}

/** What runs under a pid. @internal */
export type ProcessStatus =
  | { readonly status: 'gone' }
  | { readonly status: 'running'; readonly processStart?: string }

/** Looks at the processes of this machine. @internal */
export interface ProcessProbe {
  /** This process. */
  readonly self: ProcessIdentity
  /** What runs under `pid` in the pid space of `self`. `gone` only if that is certain. */
  find(pid: number): Promise<ProcessStatus>
}
