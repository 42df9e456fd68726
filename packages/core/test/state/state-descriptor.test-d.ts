import { expectTypeOf } from 'vitest'
import {
  type ListState,
  listState,
  type MapState,
  mapState,
  type StateDeclarations,
  type States,
  type ValueState,
  valueState,
} from '../../src/state/state-descriptor.ts'

const declarations = {
  total: valueState<number>(),
  recent: listState<string>(),
  byDay: mapState<string, { readonly count: number }>(),
} satisfies StateDeclarations

type Handles = States<typeof declarations>

expectTypeOf<Handles['total']>().toEqualTypeOf<ValueState<number>>()
expectTypeOf<Handles['recent']>().toEqualTypeOf<ListState<string>>()
expectTypeOf<Handles['byDay']>().toEqualTypeOf<MapState<string, { readonly count: number }>>()
expectTypeOf(valueState<number>()).not.toExtend<ReturnType<typeof valueState<string>>>()

// @ts-expect-error a map key must be a key
mapState<Date, number>()
