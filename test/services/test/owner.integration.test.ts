import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { docker } from '../docker-engine.ts'
import { removeLeftovers } from '../owner.ts'

test('removes the servers and networks of a process that was killed, and no others', async () => {
  const [killed, living] = await Promise.all([processWithServer(), processWithServer()])
  expect(await namesOf(killed.pid)).toHaveLength(2)
  killed.process.kill('SIGKILL')
  await once(killed.process, 'exit')

  await removeLeftovers(() => undefined)

  expect(await namesOf(killed.pid)).toEqual([])
  expect(await namesOf(living.pid)).toHaveLength(2)
  living.process.kill('SIGKILL')
  await once(living.process, 'exit')
  await removeLeftovers(() => undefined)
})

// Of containers and networks.
async function namesOf(pid: number): Promise<readonly string[]> {
  const engine = await docker()
  const containers = await engine.listContainers({ all: true })
  const networks = await engine.listNetworks()
  const names = [...containers.flatMap(({ Names }) => Names), ...networks.map(({ Name }) => Name)]
  return names.filter((name) => name.includes(`-${pid}-`))
}

async function processWithServer() {
  const [index, owner] = ['../index.ts', '../owner.ts'].map(
    (file) => new URL(file, import.meta.url).href,
  )
  const program = `
    import { startPostgres } from '${index}'
    import { createNetwork } from '${owner}'
    await createNetwork('flinkts-test-network-' + process.pid + '-1')
    await startPostgres({ settings: { fsync: 'off' } })
    console.log('started')
    setInterval(() => {}, 1000)`
  const process = spawn(globalThis.process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(process.stdout), 'line')) as [string]
  expect(line).toBe('started')
  return { process, pid: process.pid ?? 0 }
}
