import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { describe, expect, test } from 'vitest'
import { NodeProcessProbe } from '../../src/platform/node-process-probe.ts'

describe('a process probe', () => {
  test('knows this process', async () => {
    const probe = new NodeProcessProbe()

    const { processStart } = probe.self
    expect(probe.self.pid).toBe(process.pid)
    expect(await probe.find(process.pid)).toEqual(
      processStart === undefined ? { status: 'running' } : { status: 'running', processStart },
    )
  })

  test('has one nonce in a process', () => {
    expect(new NodeProcessProbe().self).toEqual(new NodeProcessProbe().self)
  })

  test('finds another process as long as it runs', async () => {
    const probe = new NodeProcessProbe()
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'])
    await once(child, 'spawn')
    const pid = child.pid ?? 0

    const running = await probe.find(pid)
    child.kill('SIGKILL')
    await once(child, 'exit')

    expect(running.status).toBe('running')
    expect(await probe.find(pid)).toEqual({ status: 'gone' })
  })
})
