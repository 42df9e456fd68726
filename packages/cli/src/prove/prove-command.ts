import process from 'node:process'
import { explainJob, FlinktsError, type JobDefinition } from '@flinkts/core'
import type { ProveFlags } from '../command-line.ts'
import type { ExitCode } from '../exit-code.ts'
import { LiveTerminal } from '../live-terminal.ts'
import { loadJob } from '../load-job.ts'
import { type EndSignal, SignalTrap } from '../signal-trap.ts'
import type { ProofSettings } from './proof-run.ts'
import { type ProvableJob, proversOf } from './provers.ts'
import {
  inapplicableText,
  jobText,
  keptText,
  referenceText,
  resultText,
  trialText,
  verdictText,
} from './prove-text.ts'
import { assertStillTrue, type Reference, referenceOf } from './reference.ts'
import { type Trial, type TrialResult, tryPoint } from './trial.ts'
import { type Candidate, candidatesOf, subtasksOf, trialsOf } from './trials.ts'

const signalExitCodes = { SIGINT: 130, SIGTERM: 143 } as const

/**
 * Kills a job at each crash point, on scratch copies of its targets, and compares what it commits
 * with what undisturbed runs do.
 *
 * @throws FlinktsError if there is nothing that can be proved
 * @internal
 */
export async function proveCommand(file: string, flags: ProveFlags): Promise<ExitCode> {
  const signals = new SignalTrap()
  const end = new AbortController()
  void signals.stop.then((signal) => end.abort(signal))
  const proving = prove(file, flags, end.signal)
  // The second signal does not wait until the copies are removed.
  const ended = await Promise.race([proving, signals.force])
  return typeof ended === 'string' ? signalExitCodes[ended] : ended
}

async function prove(file: string, flags: ProveFlags, signal: AbortSignal): Promise<ExitCode> {
  try {
    const proof = await Proof.of(file, flags, signal)
    return (await proof.run()) ? 0 : 1
  } catch (thrown) {
    if (signal.aborted) return signalExitCodes[signal.reason as EndSignal]
    throw thrown
  }
}

/** A run of the command. */
class Proof {
  readonly #file: string
  readonly #flags: ProveFlags
  readonly #job: JobDefinition
  readonly #provable: ProvableJob
  readonly #settings: ProofSettings
  readonly #status: LiveTerminal = new LiveTerminal(process.stderr)

  private constructor(
    job: JobDefinition,
    provable: ProvableJob,
    settings: ProofSettings,
    flags: ProveFlags,
  ) {
    this.#file = settings.file
    this.#flags = flags
    this.#job = job
    this.#provable = provable
    this.#settings = settings
  }

  static async of(file: string, flags: ProveFlags, signal: AbortSignal): Promise<Proof> {
    const job = await loadJob(file)
    const provable = await proversOf(job)
    const { parallelism, timeout, keep = false } = flags
    const { sinks } = provable
    const timeoutMs = timeout * 1000
    return new Proof(job, provable, { file, parallelism, sinks, timeoutMs, keep, signal }, flags)
  }

  /** @returns whether every chosen point was reached, and held. */
  async run(): Promise<boolean> {
    const { parallelism } = this.#settings
    const { plan } = explainJob(this.#job, parallelism === undefined ? {} : { parallelism })
    const candidates = candidatesOf(this.#provable, plan, this.#flags)
    if (candidates.every(({ inapplicable }) => inapplicable !== undefined)) throw nothingChosen()
    this.#print(jobText(this.#job.name, this.#provable))
    this.#show('runs undisturbed')
    const readers = new Map(
      this.#provable.sources.map(({ operatorId }) => [operatorId, subtasksOf(plan, operatorId)]),
    )
    const reference = await referenceOf(this.#settings, readers)
    this.#print(referenceText(reference))
    const results = await this.#tryAll(reference, candidates)
    if (results.some(({ status }) => status === 'failed')) {
      this.#show('runs undisturbed once more')
      await assertStillTrue(this.#settings, reference)
    }
    this.#print(verdictText(results))
    return results.every(({ status }) => status === 'ok')
  }

  async #tryAll(
    reference: Reference,
    candidates: readonly Candidate[],
  ): Promise<readonly TrialResult[]> {
    const results: TrialResult[] = []
    for (const [index, candidate] of candidates.entries()) {
      if (candidate.inapplicable !== undefined) {
        this.#print(inapplicableText(candidate))
        continue
      }
      for (const trial of trialsOf(candidate, reference, this.#flags)) {
        this.#show(`${trialText(trial).trim()}, point ${index + 1} of ${candidates.length}`)
        results.push(await this.#try(reference, trial, candidate.nth === undefined))
      }
    }
    return results
  }

  /** A time that the seed picked may come too late in another run: the first is there in all. */
  async #try(reference: Reference, trial: Trial, picked: boolean): Promise<TrialResult> {
    let result = await tryPoint(this.#settings, reference, trial)
    if (result.status === 'not-reached' && picked && trial.nth > 1) {
      result = await tryPoint(this.#settings, reference, { ...trial, nth: 1 })
    }
    this.#settings.signal.throwIfAborted()
    this.#print(resultText(result, this.#replay(result.trial)))
    if (this.#settings.keep) this.#print(keptText(result))
    return result
  }

  #replay({ point, operatorId, nth }: Trial): string {
    const { parallelism } = this.#settings
    const subtasks = parallelism === undefined ? '' : ` --parallelism ${parallelism}`
    return `flinkts prove ${this.#file} --points '${point.name}@${operatorId}#${nth}'${subtasks}`
  }

  #print(text: string): void {
    this.#show('')
    process.stdout.write(text)
  }

  /** What goes on, on the last line of a terminal. */
  #show(status: string): void {
    if (process.stderr.isTTY) this.#status.show(status.slice(0, this.#status.columns - 1))
  }
}

function nothingChosen(): FlinktsError {
  return new FlinktsError(
    'FLINKTS_ARGUMENT_INVALID',
    'none of the chosen points is one of the job',
    {
      hint: 'K4@files is the point K4 of the sink "files"; without --points all are tried.',
    },
  )
}
