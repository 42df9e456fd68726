/**
 * The records of a frame between threads, in the order in which they were sent. What is alike in
 * all of them is written once a channel: the layout of a record is the names of its fields in their
 * order, and for each a kind. So a record of a layout is its numbers and characters, without names
 * and tags:
 *
 *   flags: uint32, see `batchFlags` · rows: uint32 · numbers: uint32 · code units: uint32
 *   numbers: of every row one after the other, float64 each
 *   timestamps, if flagged: float64 each
 *   text: of every row one after the other, a byte or, if flagged, two for each code unit
 *   rows: a byte each, the number of the layout (from 1), or 0
 *   values: those of every row one after the other, by the codec of values, one session a channel
 *
 * A field of kind `number` is in the numbers; so is one of kind `numbers`, an array, after its
 * length; one of kind `string` is in the text, and its length in code units in the numbers; one of
 * kind `value` is in the values. A row 0 is a whole value. The first row of a layout is preceded,
 * in the values, by its names and its kinds.
 *
 * All little endian, as every platform of Node is. The numbers lie at a multiple of eight bytes
 * from the beginning of a batch.
 */

/** How a field of a layout is written. @internal */
export const fieldKinds = { value: 0, number: 1, string: 2, numbers: 3 } as const

/** @internal */
export type FieldKind = (typeof fieldKinds)[keyof typeof fieldKinds]

/** `timed`: a row has a timestamp; `wide`: the text has characters beyond ASCII. @internal */
export const batchFlags = { timed: 1, wide: 2 } as const

/** The number of a row that has no layout. @internal */
export const noLayout = 0
