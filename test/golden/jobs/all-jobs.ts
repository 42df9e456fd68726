import { count100Job, count100Slide50Job } from './count-100.ts'
import type { GoldenJob } from './golden-job.ts'
import { idleTotalJob } from './idle-total.ts'
import { intervalJoinJob } from './interval-join.ts'
import { sessionSumJob } from './session-sum.ts'
import { slidingCountJob, tumblingCountJob } from './window-count.ts'

/** All of them, together with every result that is known. */
export const goldenJobs: readonly GoldenJob[] = [
  tumblingCountJob,
  slidingCountJob,
  sessionSumJob,
  count100Job,
  count100Slide50Job,
  intervalJoinJob,
  idleTotalJob,
]
