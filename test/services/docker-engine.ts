import { existsSync } from 'node:fs'
import type { ContainerRuntimeClient } from 'testcontainers'
import type { Log } from './log.ts'
import { runScript } from './run-script.ts'

/** Docker's own client object, as the library that finds the engine hands it out. @internal */
export type Docker = ContainerRuntimeClient['container']['dockerode']

/**
 * Makes a Docker engine answer: a running one, else, for root on Debian, one that is installed
 * (when it is missing) and started, and that stays after the tests.
 * @throws Error when no engine answers and none can be started here; the message says what to do
 * @internal
 */
export async function ensureEngine(log: Log): Promise<void> {
  if (await engineAnswers()) return
  const address = process.env['DOCKER_HOST']
  if (address !== undefined && address !== '') {
    throw new Error(
      `no Docker engine answered at DOCKER_HOST "${address}". ` +
        'Start that engine, or unset DOCKER_HOST to use the one of this machine.',
    )
  }
  if (!canInstallPackages()) {
    throw new Error(
      'no Docker engine answered, and one can be installed only by root on Debian. ' +
        'Start Docker Desktop, or the service "docker"; if it runs, let this user use it ' +
        '(on Linux: the group "docker").',
    )
  }
  log('no Docker engine answers: starting one')
  await runScript('start-engine.sh', [], { timeoutMs: 400_000 })
  if (!(await engineAnswers())) {
    throw new Error('the Docker engine was started, and still did not answer on its socket')
  }
}

/** The library is large: a process that only knows of services does not load it. @internal */
export async function containerRuntime(): Promise<ContainerRuntimeClient> {
  const { getContainerRuntimeClient } = await import('testcontainers')
  return getContainerRuntimeClient()
}

/** The engine that the tests use. @throws Error when none answers @internal */
export async function docker(): Promise<Docker> {
  return (await containerRuntime()).container.dockerode
}

/** The host on which the ports of containers are reached. @internal */
export async function engineHost(): Promise<string> {
  const { host } = (await containerRuntime()).info.containerRuntime
  // By name, a client may try IPv6 first, on which not every engine publishes its ports.
  return host === 'localhost' ? '127.0.0.1' : host
}

/** True for root on a Debian machine: the only place where packages are installed. @internal */
export function canInstallPackages(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version')
}

/** The HTTP status of a failed call to the engine. @internal */
export function engineStatus(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined
  return typeof error.statusCode === 'number' ? error.statusCode : undefined
}

async function engineAnswers(): Promise<boolean> {
  try {
    await containerRuntime()
    return true
  } catch {
    return false
  }
}
