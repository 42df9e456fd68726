import { connectorMutants } from './connector-mutants.ts'
import { durabilityMutants } from './durability-mutants.ts'
import { engineMutants } from './engine-mutants.ts'
import { joinMutants } from './join-mutants.ts'
import { kitMutants } from './kit-mutants.ts'
import { lookupMutants } from './lookup-mutants.ts'
import type { Mutant } from './mutant.ts'
import { stateMutants } from './state-mutants.ts'
import { timeMutants } from './time-mutants.ts'
import { windowMutants } from './window-mutants.ts'

/** Every break that the tests must catch. Add one for each promise that a test is to hold. */
export const mutants: readonly Mutant[] = [
  ...engineMutants,
  ...stateMutants,
  ...timeMutants,
  ...windowMutants,
  ...joinMutants,
  ...durabilityMutants,
  ...connectorMutants,
  ...kitMutants,
  ...lookupMutants,
]
