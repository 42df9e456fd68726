import { hostname } from 'node:os'
import { type Docker, docker, engineStatus } from './docker-engine.ts'
import { within } from './eventually.ts'
import type { Log } from './log.ts'

// Every container names the process that started it. When that is gone, nobody uses the container.
const ownerLabel = 'flinkts.test.owner'
const runVariable = 'FLINKTS_TEST_RUN'
// The age after which a container goes in any case: its process may have lived on another host, or
// its id is in use again.
const ageMaxMs = 6 * 3_600_000

/** Labels of a container that the process `pid` owns, this one unless told. @internal */
export function ownerLabels(pid: number = process.pid): Record<string, string> {
  return { [ownerLabel]: `${hostname()} ${pid}` }
}

/** Marks this process, and all that it starts from now on, as one test run. @internal */
export function beginRun(): void {
  process.env[runVariable] ??= String(process.pid)
}

/** The process that stands for the test run: this one, unless it was started by one. @internal */
export function runPid(): number {
  return Number(process.env[runVariable] ?? process.pid)
}

/** Removes the containers of processes that are gone. @internal */
export async function removeLeftovers(log: Log): Promise<void> {
  await removeContainers(log, (owner, ageMs) => ageMs > ageMaxMs || !alive(owner))
}

/** Removes the containers of this test run, and leftovers. @internal */
export async function endRun(log: Log): Promise<void> {
  const own = ownerLabels(runPid())[ownerLabel]
  await removeContainers(log, (owner) => owner === own || !alive(owner))
}

/** Removes a container with its volumes; one that is gone already is fine. @internal */
export async function removeContainer(engine: Docker, idOrName: string): Promise<void> {
  try {
    await within(
      `the container "${idOrName}" to be removed`,
      30_000,
      engine.getContainer(idOrName).remove({ force: true, v: true }),
    )
  } catch (error) {
    // 404: there is none. 409: somebody else is removing it.
    const status = engineStatus(error)
    if (status !== 404 && status !== 409) throw error
  }
}

async function removeContainers(
  log: Log,
  chosen: (owner: string, ageMs: number) => boolean,
): Promise<void> {
  const engine = await docker()
  const containers = await within(
    'the list of containers',
    30_000,
    engine.listContainers({ all: true, filters: { label: [ownerLabel] } }),
  )
  const doomed = containers.filter((container) =>
    chosen(container.Labels[ownerLabel] ?? '', Date.now() - container.Created * 1000),
  )
  if (doomed.length === 0) return
  log(`removing ${doomed.length} ${doomed.length === 1 ? 'container' : 'containers'}`)
  await Promise.all(doomed.map((container) => removeContainer(engine, container.Id)))
}

function alive(owner: string): boolean {
  const [host, pid] = owner.split(' ')
  if (host !== hostname()) return true
  try {
    return process.kill(Number(pid), 0)
  } catch (error) {
    // EPERM: it lives, and is not ours.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
