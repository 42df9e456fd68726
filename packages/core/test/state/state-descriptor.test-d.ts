import { expectTypeOf } from 'vitest'
import {
  type AggregatingState,
  aggregatingState,
  type ListState,
  listState,
  type MapState,
  mapState,
  type ReducingState,
  reducingState,
  type StateDeclarations,
  type StateDescriptor,
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

expectTypeOf(reducingState<number>((one, two) => one + two)).toEqualTypeOf<
  StateDescriptor<ReducingState<number>>
>()
expectTypeOf(
  aggregatingState({
    create: () => new Set<string>(),
    add: (seen, value: string) => seen.add(value),
    result: (seen) => seen.size,
  }),
).toEqualTypeOf<StateDescriptor<AggregatingState<string, number>>>()

// @ts-expect-error no such update
valueState<number>({ ttl: { ms: 1, update: 'never' } })
// @ts-expect-error a map key must be a key
mapState<Date, number>()
