import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import { SignalTrap } from '../src/signal-trap.ts'

describe('signals', () => {
  test('the first one stops, the second one forces', async () => {
    const source = new EventEmitter()
    const trap = new SignalTrap(source)
    const seen: string[] = []
    void trap.stop.then((signal) => seen.push(`stop ${signal}`))
    void trap.force.then((signal) => seen.push(`force ${signal}`))

    source.emit('SIGTERM')
    await trap.stop
    const afterFirst = [...seen]
    source.emit('SIGINT')
    await trap.force

    expect(afterFirst).toEqual(['stop SIGTERM'])
    expect(seen).toEqual(['stop SIGTERM', 'force SIGINT'])
  })

  test('are not lost if nobody waits for them yet', async () => {
    const source = new EventEmitter()
    const trap = new SignalTrap(source)
    source.emit('SIGINT')
    source.emit('SIGINT')
    source.emit('SIGTERM')

    expect(await trap.stop).toBe('SIGINT')
    expect(await trap.force).toBe('SIGINT')
  })
})
