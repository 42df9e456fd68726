import { afterEach, expect, test, vi } from 'vitest'
import { ensureImage, presentImage, type ServiceImage } from '../images.ts'
import { postgresImage } from '../postgres.ts'

// Nothing listens on port 1 of this machine, so this is a registry that cannot be reached.
const unreachable: ServiceImage = { ...postgresImage, official: '127.0.0.1:1/postgres:17' }

afterEach(() => {
  vi.unstubAllEnvs()
})

test('finds the image that the preparation has made', async () => {
  expect([
    postgresImage.official,
    expect.stringMatching(/^flinkts-test\/postgres:/),
  ]).toContainEqual(await presentImage(postgresImage))
})

test('says what to do when the official image is wanted and cannot be pulled', async () => {
  vi.stubEnv('FLINKTS_IMAGES', 'pull')
  const steps: string[] = []

  const image = ensureImage(unreachable, (step) => steps.push(step))

  await expect(image).rejects.toThrow(
    /"127\.0\.0\.1:1\/postgres:17" could not be pulled.*FLINKTS_IMAGES=build/,
  )
  expect(steps).toEqual(['pulling 127.0.0.1:1/postgres:17'])
})

test('takes only the origin that is wanted', async () => {
  const official = (await presentImage(postgresImage)) ?? ''
  const neverBuilt: ServiceImage = { ...postgresImage, official, debianPackages: ['none'] }

  vi.stubEnv('FLINKTS_IMAGES', 'pull')
  expect(await presentImage(neverBuilt)).toBe(official)
  vi.stubEnv('FLINKTS_IMAGES', 'build')
  expect(await presentImage(neverBuilt)).toBeUndefined()
})

test('refuses an origin that it does not know', async () => {
  vi.stubEnv('FLINKTS_IMAGES', 'steal')

  await expect(presentImage(postgresImage)).rejects.toThrow(
    'FLINKTS_IMAGES is "steal". Set it to "pull" or "build", or unset it.',
  )
})
