/** For tests: a clock and randomness that can be steered, and whole jobs under simulation. */
export { type Prng, randomBelow, SeededPrng } from './common/prng.ts'
export { simulate, type SimulationReport } from './testing/simulation/simulation.ts'
export {
  type FileStep,
  type SimulatedEntry,
  type SimulatedFileHandle,
  type SimulatedFiles,
  SimulatedFileSystem,
  type SimulatedStats,
} from './testing/simulated-file-system.ts'
