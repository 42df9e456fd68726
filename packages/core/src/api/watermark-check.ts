import { FlinktsError } from '../common/errors.ts'
import { type WatermarkSettings, WatermarkStrategy } from '../time/watermark-strategy.ts'

/**
 * What a strategy for a source says.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID if it is none, for users of JavaScript
 * @internal
 */
export function settingsOf<T>(
  operatorId: string,
  strategy: WatermarkStrategy<T>,
): WatermarkSettings {
  if (!(strategy instanceof WatermarkStrategy)) {
    throw new FlinktsError(
      'FLINKTS_OPTION_INVALID',
      `option "watermarks" of source "${operatorId}" is no watermark strategy`,
      { hint: 'Make one with boundedOutOfOrderness(ms), monotonousTimestamps() or the like.' },
    )
  }
  return strategy.settings as WatermarkSettings
}

/**
 * What a strategy for the middle of a job says.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID if it is none, or only for sources
 * @internal
 */
export function streamSettingsOf<T>(
  jobName: string,
  strategy: WatermarkStrategy<T>,
): WatermarkSettings {
  const where = `assignTimestampsAndWatermarks of job "${jobName}"`
  if (!(strategy instanceof WatermarkStrategy)) {
    throw new FlinktsError('FLINKTS_OPTION_INVALID', `${where} got no watermark strategy`, {
      hint: 'Make one with boundedOutOfOrderness(ms), monotonousTimestamps() or the like.',
    })
  }
  if (strategy.settings.timestamps === 'ingestion') {
    throw new FlinktsError('FLINKTS_OPTION_INVALID', `${where} got ingestion time`, {
      hint: 'Give it to the source: env.source(id, source, { watermarks: ingestionTime() }).',
    })
  }
  if (strategy.settings.alignment !== undefined) {
    throw new FlinktsError('FLINKTS_OPTION_INVALID', `${where} got an alignment group`, {
      hint: 'Only a source can wait: give the strategy to env.source(id, source, { watermarks }).',
    })
  }
  return strategy.settings as WatermarkSettings
}
