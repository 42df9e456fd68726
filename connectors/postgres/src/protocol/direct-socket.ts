import { Socket } from 'node:net'

/**
 * A socket that reads into one buffer again and again. A usual one allocates 64 KiB for every read:
 * at 100 MB a second that alone makes the garbage collector go through the whole heap ten times a
 * second.
 *
 * @internal
 */
export class DirectSocket extends Socket {
  /**
   * Gets what is read instead of the listeners of `data`. The bytes are valid during the call only.
   */
  onBytes: ((bytes: Buffer) => void) | undefined

  /** `bufferBytes`: what one read takes at most. */
  constructor(bufferBytes: number) {
    const buffer = Buffer.allocUnsafeSlow(bufferBytes)
    const callback = (length: number): boolean => {
      this.#received(buffer.subarray(0, length))
      return true
    }
    super({ onread: { buffer, callback } })
  }

  #received(bytes: Buffer): void {
    if (this.onBytes !== undefined) this.onBytes(bytes)
    // A copy: whoever listens may keep it.
    else this.emit('data', Buffer.from(bytes))
  }
}
