import { describe, expect, test } from 'vitest'
import { LiveTerminal } from '../src/live-terminal.ts'

const erase = '\r\u001b[2K'

function createTerminal(): { terminal: LiveTerminal; written: string[] } {
  const written: string[] = []
  const stream = { columns: 70, write: (text: string) => written.push(text) }
  return { terminal: new LiveTerminal(stream), written }
}

describe('a terminal with a status line', () => {
  test('lets log lines pass above the status', () => {
    const { terminal, written } = createTerminal()
    terminal.write('one\n')
    terminal.show('status 1')

    terminal.write('two\n')

    expect(written).toEqual(['one\n', `${erase}status 1`, `${erase}two\nstatus 1`])
  })

  test('leaves no trace of the status at the end', () => {
    const { terminal, written } = createTerminal()
    terminal.show('status')

    terminal.show('')
    terminal.show('')
    terminal.write('done\n')

    expect(written).toEqual([`${erase}status`, erase, 'done\n'])
  })

  test('knows its width, and takes 80 for none', () => {
    expect(createTerminal().terminal.columns).toBe(70)
    expect(new LiveTerminal({ write: () => true }).columns).toBe(80)
  })
})
