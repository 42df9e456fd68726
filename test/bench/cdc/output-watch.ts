import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import path from 'node:path'
import type { OutputFormat } from './output-formats.ts'

const lineFeed = 0x0a

interface WatchedFile {
  readonly path: string
  readBytes: number
  lines: number
  /** Whether the next byte begins a line. */
  atLineStart: boolean
  /** Whether the line at hand counts. */
  counts: boolean
}

/** Counts the events in a peer's visible output, reading only what is new. */
export class OutputWatch {
  readonly #folder: string
  readonly #format: OutputFormat
  readonly #files = new Map<string, WatchedFile>()
  readonly #buffer = Buffer.allocUnsafe(2 ** 20)

  constructor(folder: string, format: OutputFormat) {
    this.#folder = folder
    this.#format = format
  }

  /** The number of whole lines that are events, now. */
  count(): number {
    for (const entry of readdirSync(this.#folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.name.startsWith('.')) continue
      if (this.#format.files.test(entry.name)) this.#read(path.join(entry.parentPath, entry.name))
    }
    const headerLines = this.#format.headerLines ?? 0
    return [...this.#files.values()].reduce(
      (sum, { lines }) => sum + Math.max(0, lines - headerLines),
      0,
    )
  }

  #read(file: string): void {
    const watched = this.#files.get(file) ?? {
      path: file,
      readBytes: 0,
      lines: 0,
      atLineStart: true,
      counts: true,
    }
    this.#files.set(file, watched)
    const descriptor = openSync(file, 'r')
    try {
      for (;;) {
        const length = readSync(descriptor, this.#buffer, 0, this.#buffer.length, watched.readBytes)
        if (length === 0) return
        watched.readBytes += length
        this.#countLines(watched, this.#buffer.subarray(0, length))
      }
    } finally {
      closeSync(descriptor)
    }
  }

  #countLines(watched: WatchedFile, bytes: Buffer): void {
    const { isEvent } = this.#format
    let at = 0
    while (at < bytes.length) {
      if (watched.atLineStart && isEvent !== undefined) watched.counts = isEvent(bytes[at] ?? 0)
      const end = bytes.indexOf(lineFeed, at)
      watched.atLineStart = end !== -1
      if (end === -1) return
      if (watched.counts) watched.lines += 1
      at = end + 1
    }
  }
}
