/** What is wrong with the output: how often, and the first cases in words. */
export type Fault = 'lost' | 'duplicated' | 'altered'

const examplesMax = 5

export class Findings {
  readonly #counts: Record<Fault, number> = { lost: 0, duplicated: 0, altered: 0 }
  readonly #examples: Record<Fault, string[]> = { lost: [], duplicated: [], altered: [] }

  add(fault: Fault, problem: string): void {
    this.#counts[fault] += 1
    const examples = this.#examples[fault]
    if (examples.length < examplesMax) examples.push(`${fault}: ${problem}`)
  }

  get counts(): Readonly<Record<Fault, number>> {
    return { ...this.#counts }
  }

  /** A few of each kind. */
  get examples(): readonly string[] {
    return Object.values(this.#examples).flat()
  }
}
