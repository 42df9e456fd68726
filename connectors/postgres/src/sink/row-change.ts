/**
 * What is to become of a row. Its fields are columns, with values as the source gives them; one
 * that is absent or `undefined` gets its default, or stays as it is; `null` is SQL's null.
 *
 * - `insert`: a row more.
 * - `upsert`: the row of this key has these values from now on, whether it was there or not.
 * - `delete`: the row of this key is gone, whether it was there or not.
 *
 * @public
 */
export type RowChange =
  | {
      readonly operation: 'insert' | 'upsert'
      readonly row: object
      /** As in the options; unless said, the table of the options. */
      readonly table?: string | undefined
    }
  | {
      readonly operation: 'delete'
      /** The columns of the key; others are left aside. */
      readonly key: object
      /** As in the options; unless said, the table of the options. */
      readonly table?: string | undefined
    }
