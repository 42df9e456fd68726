/**
 * Refuses to run the tests on a Node older than users have: an install without its optional
 * packages falls back to the system's Node, and nothing else would tell.
 */
import { isAtLeast, nodeVersionMin } from '../../scripts/node-version.mjs'

if (!isAtLeast(process.versions.node, nodeVersionMin)) {
  throw new Error(`tests need Node ${nodeVersionMin}, this is ${process.versions.node}`)
}
