import { sharedPostgres } from '@flinkts/test-services'
import { beforeAll, describe, expect, test } from 'vitest'
import type { PgValue, Row } from '../src/records/change.ts'
import { Connections, describeTable, replicationOptions } from './support/connections.ts'
import { SinkRun, writeAll } from './support/sink-fixture.ts'
import { allRows, commits, pollUntil } from './support/drain.ts'

/** A type in the matrix: what is stored, and how both sides make the same text of a value. */
interface Sample {
  readonly type: string
  /** Literals without quotes; a null is always added. */
  readonly values: readonly string[]
  /** An SQL expression of type text over the value `v`; its text unless said. */
  readonly sql?: string
  /** An SQL expression for the array to take apart: `v` unless said. */
  readonly elements?: string
  /** Our side. */
  readonly text?: (value: PgValue) => string
}

const hexOfBytes = (value: PgValue): string => Buffer.from(value as Uint8Array).toString('hex')
/** @param rest - An SQL expression for what follows the year. */
const iso = (rest: string): string => `case when isfinite(v) then
    case when extract(year from v) between 1 and 9999 then lpad(extract(year from v)::text, 4, '0')
      when extract(year from v) = -1 then '0000'
      when extract(year from v) < 0
        then '-' || lpad((-extract(year from v)::int - 1)::text, 6, '0')
      when extract(year from v) < 100000 then '+0' || extract(year from v)
      else '+' || extract(year from v)
    end || ${rest} else v::text end`
const monthAndDay = `'-' || lpad(extract(month from v)::text, 2, '0')
  || '-' || lpad(extract(day from v)::text, 2, '0')`
const instants = [
  '2024-05-06 07:08:09.123456',
  '2024-05-06 24:00',
  '2024-02-29 00:00:00.1',
  '9999-12-31 23:59:59.999999',
  '10000-01-01',
  '294276-12-31 23:59:59.999999',
  '0001-01-01 BC',
  '0044-03-15 12:00 BC',
  '4713-01-01 BC',
  'infinity',
  '-infinity',
]

const samples: readonly Sample[] = [
  { type: 'bool', values: ['t', 'f'] },
  { type: 'bytea', values: ['', '\\x00ff5c0a09'], sql: `encode(v, 'hex')`, text: hexOfBytes },
  { type: '"char"', values: ['a', ''] },
  { type: 'name', values: ['żółw'] },
  { type: 'int2', values: ['0', '-32768', '32767'] },
  { type: 'int4', values: ['-2147483648', '2147483647'] },
  { type: 'int8', values: ['-9223372036854775808', '9223372036854775807', '7'] },
  { type: 'oid', values: ['0', '4294967295'] },
  { type: 'text', values: ['', 'tab\tline\n\\back', '\\N', '🐢 żółw', '"q"', "it's", '{a,b}'] },
  { type: 'varchar(20)', values: ['x', ' x '] },
  { type: 'char(5)', values: ['ab', ''], sql: `rpad(v::text, 5)` },
  { type: 'float4', values: ['0.1', '-3.4e38', '1e-45', 'NaN', 'Infinity', '-Infinity'] },
  { type: 'float8', values: ['0.1', '1e308', '5e-324', '-0', 'NaN', 'Infinity', '-Infinity'] },
  {
    type: 'numeric',
    values: ['1.10', '-0.000000000000000000001', '12345678901234567890.123', 'NaN', 'Infinity'],
  },
  { type: 'numeric(10,2)', values: ['1.1', '-99999999.99'] },
  { type: 'money', values: ['1234.5', '-0.01'] },
  { type: 'json', values: ['{"a": 1.10, "b": [null]}', '"x\\ty"', 'null'] },
  { type: 'jsonb', values: ['{"b": 1.10, "a": "\\\\"}', '12345678901234567890'] },
  { type: 'xml', values: ['<a b="c">d</a>'] },
  { type: 'uuid', values: ['3f2504e0-4f89-11d3-9a0c-0305e82c3301'] },
  { type: 'date', values: ['5874897-12-31', ...instants], sql: iso(monthAndDay) },
  { type: 'timestamp', values: instants, sql: iso(`to_char(v, '-MM-DD"T"HH24:MI:SS.US')`) },
  {
    type: 'timestamptz',
    values: [...instants, '2024-05-06 07:08:09.5+09:30'],
    sql: iso(`to_char(v, '-MM-DD"T"HH24:MI:SS.US"Z"')`),
  },
  { type: 'time', values: ['24:00', '07:08:09.1'] },
  { type: 'timetz', values: ['24:00+00', '07:08:09.123456-05:30'] },
  { type: 'interval', values: ['1 year -2 days 03:04:05.6', '-178000000 years', '0'] },
  // A cast to text adds the mask, the output does not.
  { type: 'inet', values: ['::1/64', '10.0.0.1'], sql: `to_json(v) #>> '{}'` },
  { type: 'cidr', values: ['10.0.0.0/8'] },
  { type: 'macaddr', values: ['08:00:2b:01:02:03'] },
  { type: 'bit(3)', values: ['101'] },
  { type: 'varbit', values: ['10101'] },
  { type: 'point', values: ['(1.5,-2)'] },
  { type: 'box', values: ['(1,1),(0,0)'] },
  { type: 'polygon', values: ['((0,0),(1,1),(1,0))'] },
  { type: 'tsvector', values: [`'a':1 'b':2`] },
  { type: 'int4range', values: ['[1,5)', 'empty'] },
  { type: 'tstzrange', values: ['["2024-05-06 07:08:09+00",infinity)'] },
  { type: 'int2vector', values: ['1 2 3'] },
  { type: 'public.mood', values: ['sad', 'very "ok", {x}'] },
  { type: 'public.positive', values: ['5'] },
  { type: 'public.big', values: ['9007199254740993'] },
  // Taken apart, composites would fall apart.
  { type: 'public.pair', values: ['(1,"a ""b"" c")', '(,)'], elements: 'v::text[]' },
]

/** The array of a sample's values, `v` being its element. */
function arrayOf(sample: Sample): Sample {
  const quoted = sample.values.map((value) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`)
  const separator = sample.type === 'box' ? ';' : ','
  const { sql = 'v::text', text = String, elements = 'v' } = sample
  return {
    type: `${sample.type}[]`,
    values: [
      '{}',
      `{${[...quoted, 'NULL'].join(separator)}}`,
      `{{${quoted[0]}}${separator}{NULL}}`,
    ],
    sql: `coalesce((select json_agg(${sql} order by i)::text
      from unnest(${elements}) with ordinality u(v, i)), '[]')`,
    text: (value) => jsonOfElements(value, text),
  }
}

function jsonOfElements(value: PgValue, text: (value: PgValue) => string): string {
  const elements = (value as readonly PgValue[]).flat(2) as readonly PgValue[]
  return JSON.stringify(elements.map((element) => (element === null ? null : text(element))))
}

const withoutArray: ReadonlySet<string> = new Set(['int2vector'])
const matrix: readonly Sample[] = [
  ...samples,
  ...samples.filter(({ type }) => !withoutArray.has(type)).map((sample) => arrayOf(sample)),
  { type: 'public.tags', values: ['{a,"b c",NULL}'], ...textOfArray('v') },
]

function textOfArray(v: string): Pick<Sample, 'sql' | 'text'> {
  return { sql: `to_json(${v})::text`, text: (value) => JSON.stringify(value) }
}

/** What one column gave. */
interface Reading {
  readonly snapshot: readonly PgValue[]
  readonly stream: readonly PgValue[]
  readonly expected: readonly (string | null)[]
  /** Postgres's own text of what is stored, and of what the sink made of the snapshot. */
  readonly stored: readonly (string | null)[]
  readonly written: readonly (string | null)[]
}

const readings: Reading[] = []

beforeAll(async () => {
  await using database = await (await sharedPostgres()).createDatabase()
  await using connections = new Connections(database.connection)
  const client = await connections.sql()
  const slot = `slot_${database.connection.database}`
  await client.query(`create type public.mood as enum ('sad', 'very "ok", {x}');
    create domain public.positive as int check (value > 0);
    create domain public.whole as int8; create domain public.big as public.whole;
    create domain public.tags as text[]; create type public.pair as (a int, b text);`)
  const columns = matrix.map(({ type }, index) => `c${index} ${type}`)
  await client.query(`create table public.t (id int primary key, ${columns.join(', ')});
    alter table public.t replica identity full`)
  await client.query('create publication pub for table public.t')
  const replication = await connections.replication()
  await replication.createSlot({ slot })
  const rowCount = Math.max(...matrix.map(({ values }) => values.length)) + 1
  for (let id = 0; id < rowCount; id++) {
    const values = matrix.map((sample) => sample.values[id] ?? null)
    const parameters = matrix.map((_sample, index) => `$${index + 1}`)
    await client.query(`insert into public.t values (${id}, ${parameters.join(', ')})`, values)
  }
  const relation = await describeTable(client, 't')
  const copy = client.copyRows('copy (select * from public.t order by id) to stdout', relation)
  const snapshot = await allRows(copy)
  const stream = await replication.startReplication(replicationOptions({ slot }))
  const { changes } = await pollUntil(stream, commits(rowCount))
  await using sink = new SinkRun<Row>(database.connection, { mode: 'append', table: 'copy' })
  await client.query('create table public.copy (like public.t)')
  const writer = await sink.writer()
  await writeAll(writer, snapshot)
  await writer.flush(true)
  const columnOf = async (table: string, index: number): Promise<readonly (string | null)[]> => {
    const text = `array_to_json(array[c${index}])::text`
    const rows = await client.query(`select ${text} as text from public.${table} order by id`)
    return rows.map((row) => row['text'] ?? null)
  }
  for (const [index, { sql = 'v::text' }] of matrix.entries()) {
    const expected = await client.query(
      `select case when v is distinct from null then ${sql} end as text
       from (select id, c${index} as v from public.t) t order by id`,
    )
    readings.push({
      snapshot: snapshot.map((row) => valueOf(row, index)),
      stream: changes.map((change) => valueOf(change.after, index)),
      expected: expected.map((row) => row['text'] ?? null),
      stored: await columnOf('t', index),
      written: await columnOf('copy', index),
    })
  }
})

function valueOf(row: Row | undefined, index: number): PgValue {
  return row?.[`c${index}`] ?? null
}

describe('every type', () => {
  const indexed = matrix.map((sample, index) => ({ ...sample, index }))

  test.each(indexed)('$type reads the same in the snapshot and in the stream', ({ index }) => {
    const reading = readings[index]

    expect(reading?.stream).toEqual(reading?.snapshot)
    expect(reading?.stream.some((value) => value !== null)).toBe(true)
  })

  test.each(indexed)('$type reads as Postgres writes it', ({ index, type, text = String }) => {
    const { snapshot = [], expected = [] } = readings[index] ?? {}

    const ours = snapshot.map((value) => (value === null ? null : text(value)))

    const canonical = expected.map((value) => (value === null ? null : sameForm(value, type)))
    expect(ours).toEqual(canonical)
  })
})

describe('what the sink writes', () => {
  const indexed = matrix.map(({ type }, index) => ({ type, index }))

  test.each(indexed)('$type is what the source read', ({ index }) => {
    const { stored, written } = readings[index] ?? {}

    expect(written).toEqual(stored)
    expect(new Set(stored).size).toBeGreaterThan(1)
  })
})

/** Without what the two sides write differently: blanks in JSON, and `1e+308` for `1e308`. */
function sameForm(text: string, type: string): string {
  if (type.endsWith('[]') || type === 'public.tags') {
    const elements = JSON.parse(text) as readonly (string | null)[]
    const same = elements.map((element) =>
      element === null ? null : sameForm(element, type.slice(0, -2)),
    )
    return JSON.stringify(same)
  }
  return type.startsWith('float') ? String(Number(text)) : text
}
