import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/**
 * Runs a shell script of the folder `docker`, showing its output.
 * @throws Error when it fails, or runs longer than `timeoutMs`
 * @internal
 */
export async function runScript(
  name: string,
  scriptArguments: readonly string[],
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<void> {
  const path = fileURLToPath(new URL(`docker/${name}`, import.meta.url))
  const script = spawn('sh', [path, ...scriptArguments], {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: timeoutMs,
  })
  await once(script, 'close')
  if (script.exitCode === 0) return
  const stopped = script.exitCode === null
  const end = stopped ? `was stopped after ${timeoutMs} ms` : `failed (${script.exitCode})`
  throw new Error(`the script "${name}" ${end}; its output above says why`)
}
