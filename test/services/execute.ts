import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { docker } from './docker-engine.ts'
import { within } from './eventually.ts'

/** What a command gets besides its arguments. @internal */
export interface ExecuteOptions {
  /** What the command reads, up to its end; nothing unless told. */
  readonly input?: string
  readonly environment?: Readonly<Record<string, string>>
  /** After it the command is ended, and the call fails; 60 000 unless told. */
  readonly timeoutMs?: number
}

/** How a command ended. @internal */
export interface ExecuteResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

// What the engine may take besides the command itself.
const engineAllowanceMs = 10_000
// Of `timeout`, when the time was over: GNU's exit status, and that of a shell for SIGTERM.
const endedExitCodes: readonly number[] = [124, 143]

/**
 * Runs a command in a container.
 * @throws Error when it runs longer than it may, or when its output is not text (UTF-8)
 * @internal
 */
export async function execute(
  container: string,
  command: readonly string[],
  { input = '', environment = {}, timeoutMs = 60_000 }: ExecuteOptions = {},
): Promise<ExecuteResult> {
  const seconds = Math.ceil(timeoutMs / 1000)
  const limited = ['timeout', String(seconds), ...command]
  const goal = `the command "${command.slice(0, 3).join(' ')}" in "${container}" to end`
  const result = await within(
    goal,
    seconds * 1000 + engineAllowanceMs,
    run(container, limited, { input, environment }),
  )
  if (!endedExitCodes.includes(result.exitCode)) return result
  throw new Error(`timed out waiting for ${goal} (${timeoutMs} ms): ${result.stderr}`)
}

async function run(
  container: string,
  command: readonly string[],
  { input, environment }: Required<Omit<ExecuteOptions, 'timeoutMs'>>,
): Promise<ExecuteResult> {
  const engine = await docker()
  const session = await engine.getContainer(container).exec({
    Cmd: [...command],
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  })
  const stream = await session.start({ hijack: true, stdin: true })
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  engine.modem.demuxStream(stream, stdout, stderr)
  stream.once('end', () => {
    stdout.end()
    stderr.end()
  })
  const texts = Promise.all([text(stdout), text(stderr)])
  stream.end(input)
  await once(stream, 'end')
  const { ExitCode } = await session.inspect()
  if (ExitCode === null) throw new Error(`the engine told no exit code of "${command.join(' ')}"`)
  const [output, errors] = await texts
  return { exitCode: ExitCode, stdout: output, stderr: errors }
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let result = ''
  for await (const part of stream) result += decoder.decode(part, { stream: true })
  return result + decoder.decode()
}
