import { defineConfig } from 'vitest/config'

const sourceCondition = '@flinkts/source'
const testFolders = ['packages/*/test', 'connectors/*/test', 'examples/*/test', 'test']
const slowSuffixes = ['sim', 'integration', 'e2e']
const tidyFiles = 'test/tidy/**/*.test.ts'
const globalSetup = ['test/services/global-setup.ts']

function testFiles(suffix: string): string[] {
  return testFolders.map((folder) => `${folder}/**/*.${suffix}.ts`)
}

export default defineConfig({
  resolve: { conditions: [sourceCondition] },
  ssr: { resolve: { conditions: [sourceCondition] } },
  test: {
    setupFiles: ['test/setup/node-version.ts'],
    // Worker threads and forked processes that a test starts resolve packages to their sources too.
    execArgv: [`--conditions=${sourceCondition}`],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: testFiles('test'),
          exclude: [...slowSuffixes.flatMap((suffix) => testFiles(`${suffix}.test`)), tidyFiles],
        },
      },
      { extends: true, test: { name: 'tidy', include: [tidyFiles] } },
      {
        extends: true,
        test: { name: 'sim', include: testFiles('sim.test'), testTimeout: 120_000 },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: testFiles('integration.test'),
          testTimeout: 60_000,
          hookTimeout: 120_000,
          globalSetup,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: testFiles('e2e.test'),
          testTimeout: 120_000,
          hookTimeout: 120_000,
          globalSetup,
        },
      },
    ],
  },
})
