import { fileCapabilities, fileSourceDriver } from './source-drivers.ts'

/** The source that reads the files that are there, for the conformance kit. */
export const driver: ReturnType<typeof fileSourceDriver> = fileSourceDriver({
  name: 'filesystem source',
  module: import.meta.url,
  capabilities: { ...fileCapabilities, boundedness: 'bounded', splits: 'several' },
})
