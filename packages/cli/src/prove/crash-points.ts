/** Where a process is killed, and the ones after it, before one runs to the end. @internal */
export interface CrashPoint {
  /** As in the conformance kit: `K1` to `K12` of sinks, `S1` to `S8` of sources. */
  readonly name: string
  readonly of: 'sink' | 'source'
  /** When it is killed, for people: `while it prepares`. */
  readonly when: string
  /**
   * The moments of the processes, in their order; the first dies at a time that the seed picks, the
   * others at their first.
   */
  readonly moments: readonly [string, ...string[]]
  /** What a sink must have: something to commit, or several subtasks with that. */
  readonly needs?: 'commits' | 'subtasks'
}

/** All of them, in the order in which they are tried. @internal */
export const crashPoints: readonly CrashPoint[] = [
  sinkPoint('K1', 'while it writes'),
  sinkPoint('K2', 'before it flushes'),
  sinkPoint('K3', 'when it has flushed'),
  { ...sinkPoint('K4', 'while it prepares'), needs: 'commits' },
  { ...sinkPoint('K5', 'prepared, before the checkpoint is durable'), needs: 'commits' },
  { ...sinkPoint('K6', 'when the checkpoint is durable, before the commit'), needs: 'commits' },
  { ...sinkPoint('K7', 'while it commits'), needs: 'commits' },
  { ...sinkPoint('K8', 'committed, before it hears of it'), needs: 'commits' },
  { ...sinkPoint('K9', 'while the next checkpoint is prepared'), needs: 'commits' },
  { ...sinkPoint('K10', 'committed, while another subtask has not'), needs: 'subtasks' },
  {
    ...sinkPoint('K11', 'before the commit, and twice in the commits of the restart'),
    moments: ['K6', 'K11', 'K11'],
    needs: 'commits',
  },
  {
    ...sinkPoint('K12', 'when it has flushed, and again when the next one starts to write'),
    moments: ['K3', 'K12'],
  },
  {
    ...sourcePoint('S1', 'when a reader has started, twice'),
    moments: ['S1', 'S1'],
  },
  {
    ...sourcePoint('S2', 'in the middle of the input, twice'),
    moments: ['S2', 'S2'],
  },
  sourcePoint('S4', 'with records that are read and not emitted'),
  sourcePoint('S5', 'when the state of a reader is taken, and the checkpoint is not durable'),
  sourcePoint('S6', 'when the checkpoint is durable, before a reader hears of it'),
  sourcePoint('S7', 'when a reader has acknowledged, before it hears of that'),
  sourcePoint('S8', 'when a checkpoint has failed and a later one has completed'),
]

/** A choice of points: `K4`, `K4@files`, `K4@files#3`. @internal */
export interface PointChoice {
  readonly point: string
  /** Of this operator only. */
  readonly operatorId?: string
  /** At this time of its moment, from 1. */
  readonly nth?: number
}

/** @returns `undefined` if the text is no choice of points. @internal */
export function parsePoints(text: string): readonly PointChoice[] | undefined {
  const choices = text.split(',').map(parsePoint)
  return choices.includes(undefined) ? undefined : choices.filter((choice) => choice !== undefined)
}

function parsePoint(text: string): PointChoice | undefined {
  const form = /^([KS]\d+)(?:@([^#]+))?(?:#([1-9]\d{0,8}))?$/i
  const [, name = '', operatorId, nth] = form.exec(text.trim()) ?? []
  const point = name.toUpperCase()
  if (!crashPoints.some((known) => known.name === point)) return undefined
  return {
    point,
    ...(operatorId === undefined ? {} : { operatorId }),
    ...(nth === undefined ? {} : { nth: Number(nth) }),
  }
}

function sinkPoint(name: string, when: string): CrashPoint {
  return { name, of: 'sink', when, moments: [name] }
}

function sourcePoint(name: string, when: string): CrashPoint {
  return { name, of: 'source', when, moments: [name] }
}
