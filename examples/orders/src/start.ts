/**
 * `npm start`: a database that keeps changing, a job that keeps being killed, and an exact result.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Ending, Interrupted } from './ending.ts'
import { help, type Options, parseOptions } from './options.ts'
import { describeResult, isKept, say } from './report.ts'
import { rehearse } from './rehearsal.ts'
import { createScratch, type Outcome, removeScratch, type Scratch } from './scratch.ts'

const { options, scratch } = await understand(process.argv.slice(2))
const ending = new Ending()
say(`everything goes to ${scratch.directory}; the choices have seed ${options.seed}`)
const outcome = await run(options, scratch)
await ending.close()
if (!options.keep) await removeScratch(scratch, outcome)
process.exit({ success: 0, failure: 1, interruption: 130 }[outcome])

async function run(chosen: Options, { directory, output, jobLog }: Scratch): Promise<Outcome> {
  try {
    const result = await Promise.race([rehearse(chosen, scratch, ending), ending.failed])
    console.log(`\n${describeResult(result)}\n\nLook at ${output}`)
    if (isKept(result)) return 'success'
    console.error(`\nThe promise was broken. Everything is kept in ${directory}`)
    return 'failure'
  } catch (error) {
    console.error(`\n${messageOf(error)}`)
    if (error instanceof Interrupted) return 'interruption'
    console.error(`\nEverything is kept in ${directory}`)
    if (existsSync(jobLog)) console.error(`The job's last words:\n\n${await lastLines(jobLog)}`)
    return 'failure'
  }
}

async function understand(
  args: readonly string[],
): Promise<{ readonly options: Options; readonly scratch: Scratch }> {
  try {
    const parsed = parseOptions(args)
    if (!parsed.help) return { options: parsed, scratch: await createScratch(parsed.directory) }
    console.log(help)
    process.exit(0)
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${help}`)
    process.exit(2)
  }
}

async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8')
  return text.split('\n').slice(-20).join('\n')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
