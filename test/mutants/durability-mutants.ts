import type { Mutant } from './mutant.ts'

const nodeStorage = {
  file: 'packages/core/src/platform/node-storage.ts',
  tests: ['packages/core/test/platform/node-storage.sim.test.ts'],
}
const checkpoints = 'packages/core/test/checkpoint/power-loss.sim.test.ts'
const objectStore = {
  file: 'packages/filesystem/src/local-object-store.ts',
  tests: ['packages/filesystem/test/local-object-store.sim.test.ts'],
}

/** What is said to be durable, and is lost when the power goes. */
export const durabilityMutants: readonly Mutant[] = [
  {
    name: 'restored-and-not-confirmed',
    breaks: 'a restored checkpoint, whose output is committed, is gone: the one before is restored',
    file: 'packages/core/src/checkpoint/checkpoint-store.ts',
    find: '    if (manifest !== undefined) await this.#confirm(manifest.checkpointId)\n',
    replace: '',
    tests: [checkpoints],
  },
  {
    ...nodeStorage,
    name: 'checkpoint-write-without-datasync',
    breaks: 'a state file has its name, and not its content',
    find: '      await file.datasync()\n',
    replace: '',
  },
  {
    ...nodeStorage,
    name: 'checkpoint-write-without-directory-sync',
    breaks: 'a state file has its content, and no name',
    find: `      const size = await this.#writeSynced(file, 'w', chunks)
      await this.#syncDirectory(dirname(file))`,
    replace: "      const size = await this.#writeSynced(file, 'w', chunks)",
  },
  {
    ...nodeStorage,
    name: 'manifest-rename-without-directory-sync',
    breaks: 'a completed checkpoint has no manifest any more',
    find: 'for (const directory of new Set(directories)) await this.#syncDirectory(directory)',
    replace: '',
  },
  {
    ...nodeStorage,
    name: 'rename-synced-at-its-source-first',
    breaks: 'a manifest has left its old directory, and never arrived in the new one',
    find: 'const directories = [dirname(target), dirname(source)]',
    replace: 'const directories = [dirname(source), dirname(target)]',
  },
  {
    ...nodeStorage,
    name: 'rename-before-sync',
    breaks: 'an exclusively created file gets its name before its content is durable',
    find: `        await this.#writeSynced(temporary, 'wx', [bytes])
        await this.#files.link(temporary, file)`,
    replace: `        const opened = await this.#files.open(temporary, 'wx')
        await writeFully(opened, bytes)
        await this.#files.link(temporary, file)
        await opened.datasync()
        await opened.close()`,
  },
  {
    ...nodeStorage,
    name: 'create-without-directory-sync',
    breaks: 'two attempts have the same number: the first one is gone',
    find: `      await this.#syncDirectory(directory)
      return true
    })
  }

  async rename`,
    replace: `      return true
    })
  }

  async rename`,
  },
  {
    ...nodeStorage,
    name: 'trust-a-directory-that-exists',
    breaks: 'a file is lost with its directory, which a dead process made and did not sync',
    find: 'if (!created && this.#durableDirectories.has(entry)) break',
    replace: 'if (!created) break',
  },
  {
    ...nodeStorage,
    name: 'write-in-place',
    breaks: 'a write changes a second file: the other name of one whose move was cut short',
    find: '      await this.#files.rm(file, { force: true })\n',
    replace: '',
  },
  {
    ...objectStore,
    name: 'prepare-without-datasync',
    breaks: 'an output file that a checkpoint holds is cut',
    find: '      await this.#handle.datasync()\n',
    replace: '',
  },
  {
    ...objectStore,
    name: 'prepare-without-directory-sync',
    breaks: 'an output file that a checkpoint holds is gone',
    find: `      await this.#handle.close()
      await syncDirectory(this.#files, dirname(this.#file))`,
    replace: '      await this.#handle.close()',
  },
  {
    ...objectStore,
    name: 'publish-without-directory-sync',
    breaks: 'an output file that was committed is hidden again',
    find: `      await this.#files.rename(join(this.location, prepared.token), file)
      await syncDirectory(this.#files, dirname(file))`,
    replace: '      await this.#files.rename(join(this.location, prepared.token), file)',
  },
  {
    ...objectStore,
    name: 'publish-again-without-directory-sync',
    breaks: 'a commit that a dead process had begun is confirmed, and undone',
    find: "await this.#run('syncing', path, (file) => syncDirectory(this.#files, dirname(file)))",
    replace: '',
  },
  {
    ...objectStore,
    name: 'trust-a-bucket-that-exists',
    breaks:
      'an output file is lost with its bucket, which another upload made and did not sync yet',
    find: 'if (!created && this.#syncedDirectories.has(entry)) break',
    replace: 'if (!created) break',
  },
]
