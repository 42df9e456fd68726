/** The oldest Node that flinkts runs on: it strips types without a flag. */
export const nodeVersionMin = '22.18.0'

/** The major version that the workspace brings along on Linux, and that its tests run on there. */
export const nodeMajorPinned = 24

/**
 * Whether a Node version is at least another one; both are `major.minor.patch`.
 *
 * @param {string} version
 * @param {string} minimum
 * @returns {boolean}
 */
export function isAtLeast(version, minimum) {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const [majorMin = 0, minorMin = 0, patchMin = 0] = minimum.split('.').map(Number)
  if (major !== majorMin) return major > majorMin
  if (minor !== minorMin) return minor > minorMin
  return patch >= patchMin
}
