import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { docker } from '../docker-engine.ts'
import { removeLeftovers } from '../owner.ts'

test('removes the servers of a process that was killed, and no others', async () => {
  const [killed, living] = await Promise.all([processWithServer(), processWithServer()])
  killed.process.kill('SIGKILL')
  await once(killed.process, 'exit')

  await removeLeftovers(() => undefined)

  const names = (await (await docker()).listContainers({ all: true })).flatMap(({ Names }) => Names)
  expect(names.some((name) => name.includes(`-${killed.pid}-`))).toBe(false)
  expect(names.some((name) => name.includes(`-${living.pid}-`))).toBe(true)
  living.process.kill('SIGKILL')
  await once(living.process, 'exit')
  await removeLeftovers(() => undefined)
})

async function processWithServer() {
  const index = new URL('../index.ts', import.meta.url)
  const program = `
    import { startPostgres } from '${index.href}'
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
