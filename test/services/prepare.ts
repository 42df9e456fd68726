import { ensureEngine } from './docker-engine.ts'
import { ensureImage, type ServiceImage } from './images.ts'
import { kafkaImages } from './kafka-service.ts'
import { type Log, printStep } from './log.ts'
import { beginRun, removeLeftovers } from './owner.ts'
import { postgresImage } from './postgres.ts'

const images: readonly ServiceImage[] = [postgresImage, ...Object.values(kafkaImages)]

/**
 * Makes everything there that the services need: a Docker engine, the images; and removes what
 * ended test runs left. Quick when there is nothing to do.
 * @throws Error that says what to do
 * @internal
 */
export async function prepareServices(log: Log = printStep): Promise<void> {
  beginRun()
  await ensureEngine(log)
  await removeLeftovers(log)
  await Promise.all(images.map((image) => ensureImage(image, log)))
}
