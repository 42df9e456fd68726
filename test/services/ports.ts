import { once } from 'node:events'
import { createServer } from 'node:net'

// Below the ports that operating systems give to outgoing connections (Linux: 32768 and up), so
// that none of those takes the port of a server that is down for a moment.
const portMin = 20_000
const portMax = 32_000
const triesMax = 50

/** A TCP port on which nothing listens now. @throws Error when none was found @internal */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const port = portMin + Math.floor(Math.random() * (portMax - portMin))
    if (await free(port)) return port
  }
  throw new Error(`no free port between ${portMin} and ${portMax} was found in ${triesMax} tries`)
}

async function free(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port)
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
