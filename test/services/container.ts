import { randomBytes } from 'node:crypto'
import type { GenericContainer } from 'testcontainers'
import { type Docker, docker, engineHost, engineStatus } from './docker-engine.ts'
import { eventually, within } from './eventually.ts'
import { presentImage, type ServiceImage } from './images.ts'
import { ownerLabels, removeContainer, runPid } from './owner.ts'
import { freePort } from './ports.ts'

/** Where a server listens. @internal */
export interface Address {
  readonly host: string
  readonly port: number
}

/** How one kind of server runs in a container. @internal */
export interface Service {
  readonly image: ServiceImage
  /** What runs in the container, when clients reach it at the address. */
  readonly run: (address: Address) => ServerRun
  /** A directory that lies in memory, open to every user of the container. */
  readonly memoryDirectory?: string
  /** Where containers reach each other by name; without it they do not. */
  readonly network?: { readonly name: string; readonly alias: string }
  /** Throws until a client can work with the server at the address. Must end within seconds. */
  readonly probe: (address: Address) => Promise<void>
}

/** What is known of a server once its address is. @internal */
export interface ServerRun {
  /** The port inside the container. */
  readonly port: number
  readonly environment: Readonly<Record<string, string>>
  readonly command: readonly string[]
  /** Files that are there before the command: absolute path to content. */
  readonly files?: Readonly<Record<string, string>>
}

/** A server that answers, and the name of its container. @internal */
export interface RunningServer {
  readonly address: Address
  readonly container: string
}

/**
 * What a test can do to a server of its own. The address and the data stay the same through all of
 * it, until `stop`. A method returns when the effect is there.
 * @internal
 */
export interface ServerControl extends AsyncDisposable {
  /** Ends the server as a power cut would (SIGKILL). */
  kill(): Promise<void>
  /** Starts a killed server again, and waits until it takes logins. */
  start(): Promise<void>
  /** Freezes the server: connections stay, nothing answers. */
  pause(): Promise<void>
  /** Continues a frozen server. */
  unpause(): Promise<void>
  /** Shuts the server down in good order, starts it, and waits until it takes logins. */
  restart(): Promise<void>
  /** Removes the server and its data, in whatever state it is. May be repeated. */
  stop(): Promise<void>
  /** The end of what the server printed. */
  logs(): Promise<string>
}

const readyTimeoutMs = 60_000
const engineTimeoutMs = 30_000
const startTriesMax = 5
const logLinesMax = 200
const portLabel = 'flinkts.test.port'

/** Starts a server that belongs to this process. @throws Error with the end of its log @internal */
export async function startServer(
  service: Service,
): Promise<RunningServer & { readonly control: ServerControl }> {
  const random = randomBytes(4).toString('hex')
  const name = `flinkts-test-${service.image.name}-${process.pid}-${random}`
  const container = await startContainer({ service, name, ownerPid: process.pid })
  return { address: container.address, container: name, control: serverControl(container) }
}

/** The first of the containers that runs and is not frozen, if there is one. @internal */
export async function firstRunning(names: readonly string[]): Promise<string | undefined> {
  const engine = await docker()
  for (const name of names) {
    const { State } = await engine.getContainer(name).inspect()
    if (State.Running && !State.Paused) return name
  }
  return undefined
}

/**
 * The one server of this kind that all processes of the test run share. The first
 * caller starts it; the engine lets a name be taken only once, so the others find it.
 * @internal
 */
export async function shareServer(service: Service): Promise<RunningServer> {
  const name = `flinkts-test-${service.image.name}-${runPid()}-shared`
  try {
    const { address } = await startContainer({ service, name, ownerPid: runPid() })
    return { address, container: name }
  } catch (error) {
    if (!nameTaken(error)) throw error
  }
  const engine = await docker()
  return eventually(
    `the shared container "${name}" that another process started`,
    async () => {
      const { Config } = await engine.getContainer(name).inspect()
      const address = { host: await engineHost(), port: Number(Config.Labels[portLabel]) }
      await service.probe(address)
      return { address, container: name }
    },
    { timeoutMs: readyTimeoutMs },
  )
}

interface ContainerPlan {
  readonly service: Service
  readonly name: string
  readonly ownerPid: number
}

interface RunningContainer {
  readonly service: Service
  readonly name: string
  readonly engine: Docker
  readonly address: Address
}

async function startContainer(plan: ContainerPlan): Promise<RunningContainer> {
  const { service, name } = plan
  const image = await presentImage(service.image)
  if (image === undefined) {
    throw new Error(
      `no image for the service "${service.image.name}" is present. ` +
        'The global setup of the tests makes it: call "prepareServices" first.',
    )
  }
  const engine = await docker()
  for (let tries = 1; ; tries += 1) {
    const address = { host: await engineHost(), port: await freePort() }
    const container = { service, name, engine, address }
    try {
      const described = await describeContainer(plan, image, address)
      const start = described.start()
      await within(`the container "${name}" to start`, readyTimeoutMs, start)
      await untilReady(container)
      return container
    } catch (error) {
      if (nameTaken(error)) throw error
      await removeContainer(engine, name)
      if (!portTaken(error) || tries === startTriesMax) throw error
    }
  }
}

async function describeContainer(
  { service, name, ownerPid }: ContainerPlan,
  image: string,
  address: Address,
): Promise<GenericContainer> {
  const { GenericContainer, Wait } = await import('testcontainers')
  const run = service.run(address)
  const files = Object.entries(run.files ?? {}).map(([target, content]) => ({ target, content }))
  const described = new GenericContainer(image)
    .withName(name)
    // We remove containers ourselves (owner.ts), also where the library's reaper cannot be had.
    .withAutoCleanup(false)
    .withLabels({ ...ownerLabels(ownerPid), [portLabel]: String(address.port) })
    .withEnvironment(run.environment)
    .withCommand([...run.command])
    .withCopyContentToContainer(files)
    .withExposedPorts({ container: run.port, host: address.port })
    .withTmpFs(service.memoryDirectory === undefined ? {} : { [service.memoryDirectory]: 'rw' })
    // Readiness is ours to judge (untilReady), after the first start as after later ones.
    .withWaitStrategy(Wait.forAll([]))
  if (service.network === undefined) return described
  const { name: networkName, alias } = service.network
  return described.withNetworkMode(networkName).withNetworkAliases(alias)
}

function serverControl(container: RunningContainer): ServerControl {
  const { engine, name } = container
  const handle = engine.getContainer(name)
  const reach = (state: string, order: Promise<unknown>) =>
    within(`the container "${name}" to be ${state}`, engineTimeoutMs, order)
  const stop = () => removeContainer(engine, name)
  return {
    async kill() {
      await reach('killed', handle.kill({ signal: 'SIGKILL' }))
      await reach('down', handle.wait({ condition: 'not-running' }))
    },
    async start() {
      await reach('started', handle.start())
      await untilReady(container)
    },
    async pause() {
      await reach('paused', handle.pause())
    },
    async unpause() {
      await reach('continued', handle.unpause())
    },
    async restart() {
      await reach('restarted', handle.restart({ t: 20 }))
      await untilReady(container)
    },
    stop,
    logs: () => logTail(container),
    [Symbol.asyncDispose]: stop,
  }
}

async function untilReady(container: RunningContainer): Promise<void> {
  const { service, engine, name, address } = container
  const running = await eventually(
    `${service.image.name} to take logins at ${address.host}:${address.port}`,
    async () => {
      const { State } = await engine.getContainer(name).inspect()
      if (State.Running) await service.probe(address)
      return State.Running
    },
    { timeoutMs: readyTimeoutMs },
  )
  if (running) return
  const log = await logTail(container)
  throw new Error(`${service.image.name} ended while it was starting. Its log:\n${log}`)
}

async function logTail({ engine, name }: RunningContainer): Promise<string> {
  const request = { stdout: true, stderr: true, follow: false, tail: logLinesMax } as const
  const framed = engine.getContainer(name).logs(request)
  return unframed(await within(`the log of "${name}"`, engineTimeoutMs, framed))
}

// Output without a terminal comes in frames: a byte for the stream, three zeros, a 32-bit length.
function unframed(framed: Buffer): string {
  const parts: Buffer[] = []
  for (let at = 0; at + 8 <= framed.length; ) {
    const end = at + 8 + framed.readUInt32BE(at + 4)
    parts.push(framed.subarray(at + 8, end))
    at = end
  }
  return Buffer.concat(parts).toString('utf8')
}

function nameTaken(error: unknown): boolean {
  return engineStatus(error) === 409 && String(error).includes('already in use by container')
}

function portTaken(error: unknown): boolean {
  return /port is already allocated|address already in use/.test(String(error))
}
