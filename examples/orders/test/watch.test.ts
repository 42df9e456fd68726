import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type SeenFile, type Watch, watchOutput } from '../src/watch.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'flinkts-watch-'))
})

afterEach(() => {
  rmSync(directory, { recursive: true })
})

describe('watchOutput', () => {
  test('sees a file when it gets its name, and nothing wrong with it', async () => {
    writeFileSync(inDirectory('.hidden.jsonl'), '{"id":1}\n')
    const { watch, firstFile } = begin()
    renameSync(inDirectory('.hidden.jsonl'), inDirectory('a.jsonl'))

    const { records } = await firstFile

    expect(records).toHaveLength(1)
    expect(await watch.stop()).toEqual([])
  })

  test('complains of a file that grows', async () => {
    expect(
      await complaintsAfter(() => appendFileSync(inDirectory('a.jsonl'), '{"id":2}\n')),
    ).toEqual(expect.arrayContaining(['a.jsonl has changed', 'a.jsonl has other content now']))
  })

  test('complains of a file that is replaced by another of the same size', async () => {
    const replace = (): void => {
      writeFileSync(inDirectory('b'), '{"id":2}\n')
      renameSync(inDirectory('b'), inDirectory('a.jsonl'))
    }

    expect(await complaintsAfter(replace)).toEqual(
      expect.arrayContaining(['a.jsonl has changed', 'a.jsonl has other content now']),
    )
  })

  test('complains of a file that vanishes', async () => {
    const complaints = await complaintsAfter(() => rmSync(inDirectory('a.jsonl')))

    expect(complaints).toContain('a.jsonl has vanished')
  })

  test('complains of half a line', async () => {
    writeFileSync(inDirectory('a.jsonl'), '{"id":1}\n{"id"')

    const { watch } = begin()

    expect(await watch.stop()).toEqual([expect.stringContaining('a.jsonl was seen half-written')])
  })
})

/** What is complained of when the file `a.jsonl`, once seen, meets `event`. */
async function complaintsAfter(event: () => void): Promise<readonly string[]> {
  writeFileSync(inDirectory('a.jsonl'), '{"id":1}\n')
  const { watch, firstFile } = begin()
  await firstFile
  event()
  return watch.stop()
}

function begin(): { readonly watch: Watch; readonly firstFile: Promise<SeenFile> } {
  const { promise, resolve, reject } = Promise.withResolvers<SeenFile>()
  const watch = watchOutput({
    directories: [directory],
    intervalMs: 5,
    onFile: resolve,
    onFailure: reject,
  })
  return { watch, firstFile: promise }
}

function inDirectory(name: string): string {
  return path.join(directory, name)
}
