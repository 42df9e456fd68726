/**
 * Refuses to run the tests on another Node than meant: an install without its optional packages
 * falls back to the Node of the machine, and nothing else would tell. `FLINKTS_NODE=22` says that
 * it is meant.
 */
import { isAtLeast, nodeMajorPinned, nodeVersionMin } from '../../scripts/node-version.mjs'

const version = process.versions.node
const major = Number(process.env['FLINKTS_NODE'] ?? nodeMajorPinned)

if (!isAtLeast(version, nodeVersionMin)) {
  throw new Error(`the tests need Node ${nodeVersionMin} or newer, this is ${version}`)
}
if (process.platform === 'linux' && !version.startsWith(`${major}.`)) {
  throw new Error(
    `the tests are to run on Node ${major}, this is ${version}: npm install brings it`,
  )
}
