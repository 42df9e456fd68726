/** The watermark before any was emitted. @internal */
export const noWatermark: number = -Infinity
/** The watermark after the last record: event time has ended. @internal */
export const endOfTime: number = Infinity
