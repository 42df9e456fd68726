import { fileCapabilities, fileSourceDriver } from './source-drivers.ts'

/** The source that waits for files to come, for the conformance kit. */
export const driver: ReturnType<typeof fileSourceDriver> = fileSourceDriver({
  name: 'filesystem source, watching',
  module: import.meta.url,
  watch: { intervalMs: 10 },
  capabilities: { ...fileCapabilities, boundedness: 'continuous-unbounded', splits: 'discovered' },
})
