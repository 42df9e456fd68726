import type { Command } from '../measured-process.ts'
import type { OutputFormat } from './output-formats.ts'
import type { Login } from '../postgres-server.ts'

/** Where a peer reads from and writes to. */
export interface PeerPlace {
  readonly login: Login
  readonly database: string
  /** The table is `public.orders`. */
  readonly outputFolder: string
  /** What the peer must find again after a kill, besides its output. */
  readonly stateFolder: string
}

/** A peer that can be started. */
export interface InstalledPeer {
  /** Its name and version, for the file of results. */
  readonly version: string
  /** Called before every start, also after a kill. */
  command(place: PeerPlace): Promise<Command>
}

/** Something that captures rows and changes into files. */
export interface Peer {
  readonly name: string
  readonly format: OutputFormat
  /** Whether it reads from its slot all the time; others look now and then. */
  readonly streaming: boolean
  /** No event for so long means that it is done. */
  readonly settleMs: number
  /**
   * Installs it if need be.
   *
   * @throws Error that says why it cannot be had.
   */
  install(cacheFolder: string): Promise<InstalledPeer>
}
