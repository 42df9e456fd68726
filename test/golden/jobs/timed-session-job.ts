import { outputTag, valueState } from '@flinkts/core'
import { type Bid, eventLine } from '../event.ts'
import { bidsOf, type GoldenJob } from './golden-job.ts'

/** Bids of one bidder, none of which is far from all others. */
interface Session {
  /** Inclusive, milliseconds since 1970. */
  readonly start: number
  /** Exclusive: the gap behind the newest bid. */
  readonly end: number
  readonly count: number
  readonly sum: number
}

const gapMs = 10_000
const allowedLatenessMs = 5000
const lateLines = outputTag<string>('late')

/** Bids in sessions, which late bids may still change: session windows, written by hand. */
export const timedSessionJob: GoldenJob = {
  name: 'timed-session',
  build(events) {
    const sums = bidsOf(events)
      .keyBy(({ bidder }) => bidder)
      .process('sessions', {
        state: { sessions: valueState<readonly Session[]>(), emitted: valueState<number>() },
        *process(bid, { sessions, emitted }, context) {
          const { key, watermark, timers } = context
          const live = sessions.get() ?? []
          const session = merged(sessionOf(bid), live)
          if (session.end - 1 + allowedLatenessMs <= watermark) {
            context.output(lateLines, eventLine(bid))
            return
          }
          // No other session has a timer at these times: the gap is longer than the lateness.
          for (const { end } of live.filter((other) => touches(session, other))) {
            timers.deleteEventTime(end - 1)
            timers.deleteEventTime(end - 1 + allowedLatenessMs)
          }
          sessions.set([...live.filter((other) => !touches(session, other)), session])
          timers.registerEventTime(session.end - 1 + allowedLatenessMs)
          if (session.end - 1 > watermark) timers.registerEventTime(session.end - 1)
          else yield sessionLine({ key, session, emitted })
        },
        *onTimer(timestamp, { sessions, emitted }, { key }) {
          const live = sessions.get() ?? []
          const over = live.find(({ end }) => end - 1 === timestamp)
          if (over !== undefined) yield sessionLine({ key, session: over, emitted })
          const left = live.filter(({ end }) => end - 1 + allowedLatenessMs !== timestamp)
          if (left.length === 0) sessions.clear()
          else sessions.set(left)
        },
      })
    return { c_session_sum: sums, c_session_late: sums.sideOutput(lateLines) }
  },
}

function sessionOf({ ts, price }: Bid): Session {
  return { start: ts, end: ts + gapMs, count: 1, sum: price }
}

/** The session and all live ones that it reaches, also through each other, as one. */
function merged(session: Session, live: readonly Session[]): Session {
  const other = live.find((one) => touches(session, one))
  if (other === undefined) return session
  const both = {
    start: Math.min(session.start, other.start),
    end: Math.max(session.end, other.end),
    count: session.count + other.count,
    sum: session.sum + other.sum,
  }
  return merged(
    both,
    live.filter((one) => one !== other),
  )
}

/** Sessions that only meet are one, too. */
function touches(one: Session, other: Session): boolean {
  return one.start <= other.end && one.end >= other.start
}

function sessionLine({
  key,
  session,
  emitted,
}: {
  readonly key: number
  readonly session: Session
  readonly emitted: { get(): number | undefined; set(count: number): void }
}): string {
  const number = emitted.get() ?? 0
  emitted.set(number + 1)
  return `${key}|${number}|${session.start}|${session.end}|${session.count}|${session.sum}`
}
