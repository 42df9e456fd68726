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

/** Makes a network of containers, which this process owns. @internal */
export async function createNetwork(name: string): Promise<void> {
  const engine = await docker()
  const created = engine.createNetwork({ Name: name, Labels: ownerLabels() })
  await within(`the network "${name}" to be created`, 30_000, created)
}

/** Removes a network without containers; one that is gone already is fine. @internal */
export async function removeNetwork(engine: Docker, idOrName: string): Promise<void> {
  try {
    const removed = engine.getNetwork(idOrName).remove()
    await within(`the network "${idOrName}" to be removed`, 30_000, removed)
  } catch (error) {
    if (engineStatus(error) !== 404) throw error
  }
}

/** Removes the containers and networks of processes that are gone. @internal */
export async function removeLeftovers(log: Log): Promise<void> {
  await removeOwned(log, (owner, ageMs) => ageMs > ageMaxMs || !alive(owner))
}

/** Removes the containers and networks of this test run, and leftovers. @internal */
export async function endRun(log: Log): Promise<void> {
  const own = ownerLabels(runPid())[ownerLabel]
  await removeOwned(log, (owner) => owner === own || !alive(owner))
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

type Chosen = (owner: string, ageMs: number) => boolean

async function removeOwned(log: Log, chosen: Chosen): Promise<void> {
  const engine = await docker()
  await removeContainers(engine, log, chosen)
  // Only now: a network with containers stays.
  await removeNetworks(engine, chosen)
}

async function removeContainers(engine: Docker, log: Log, chosen: Chosen): Promise<void> {
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

async function removeNetworks(engine: Docker, chosen: Chosen): Promise<void> {
  const networks = await within(
    'the list of networks',
    30_000,
    engine.listNetworks({ filters: { label: [ownerLabel] } }),
  )
  const doomed = networks.filter((network) =>
    chosen(network.Labels?.[ownerLabel] ?? '', Date.now() - Date.parse(network.Created)),
  )
  await Promise.all(doomed.map((network) => removeNetwork(engine, network.Id)))
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
