/** A stream that may be a terminal. @internal */
export interface TerminalStream {
  /** The width; absent if it is no terminal. */
  readonly columns?: number
  write(text: string): unknown
}

const eraseLine = '\r\u001b[2K'
const columnsByDefault = 80

/**
 * A terminal whose last line is replaced again and again, while log lines pass above it.
 *
 * @internal
 */
export class LiveTerminal {
  readonly #stream: TerminalStream
  #status = ''

  constructor(stream: TerminalStream) {
    this.#stream = stream
  }

  get columns(): number {
    return this.#stream.columns ?? columnsByDefault
  }

  /** Writes text that ends in a newline above the status. */
  write(text: string): void {
    this.#stream.write(this.#status === '' ? text : `${eraseLine}${text}${this.#status}`)
  }

  /** Replaces the status; an empty one leaves no trace. */
  show(status: string): void {
    if (this.#status === '' && status === '') return
    this.#status = status
    this.#stream.write(`${eraseLine}${status}`)
  }
}
