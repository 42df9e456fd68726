/**
 * Messages of pgoutput as Postgres 15 sent them, in hexadecimal, for:
 *
 *     create type mood as enum ('sad', 'ok');
 *     create table items (id int primary key, name text, note text);  -- note: storage external
 *     create table events (id bigint, mood mood);                     -- replica identity full
 */
const hex: Readonly<Record<CapturedName, string>> = {
  begin: '42000000000a14ae60000303e300769321000002ee',
  commit: '4300000000000a14ae60000000000a14ae90000303e300769321',
  origin: '4f000000000000aabb757000',
  relationItems:
    '52000040217075626c6963006974656d73006400030169640000000017ffffffff006e616d65000000' +
    '0019ffffffff006e6f74650000000019ffffffff',
  type: '590000401c7075626c6963006d6f6f6400',
  relationEvents:
    '52000040287075626c6963006576656e7473006600020169640000000014ffffffff016d6f6f640000' +
    '00401cffffffff',
  /** `insert into items values (2, null, '')` */
  insertItem: '49000040214e00037400000001326e7400000000',
  /** `update items set name = 'eins' where id = 1`, whose note has 3000 characters */
  updateUnchanged: '55000040214e0003740000000131740000000465696e7375',
  /** `update items set id = 3, name = 'drei' where id = 2` */
  updateKey: '55000040214b00037400000001326e6e4e00037400000001337400000004647265697400000000',
  /** `delete from items where id = 3` */
  deleteItem: '44000040214b00037400000001336e6e',
  /** `insert into events values (9007199254740993, 'ok')` */
  insertEvent: '49000040284e000274000000103930303731393932353437343039393374000000026f6b',
  /** `update events set mood = 'sad'` */
  updateEvent:
    '55000040284f000274000000103930303731393932353437343039393374000000026f6b4e00027400' +
    '000010393030373139393235343734303939337400000003736164',
  /** `delete from events` */
  deleteEvent: '44000040284f00027400000010393030373139393235343734303939337400000003736164',
  /** `truncate items, events` */
  truncate: '5400000002000000402100004028',
  /** `pg_logical_emit_message(true, 'tag', 'hi')` */
  message: '4d01000000000a14c20874616700000000026869',
}

/** The name of a captured message. */
export type CapturedName =
  | 'begin'
  | 'commit'
  | 'origin'
  | 'relationItems'
  | 'type'
  | 'relationEvents'
  | 'insertItem'
  | 'updateUnchanged'
  | 'updateKey'
  | 'deleteItem'
  | 'insertEvent'
  | 'updateEvent'
  | 'deleteEvent'
  | 'truncate'
  | 'message'

/** A captured message. */
export function captured(name: CapturedName): Buffer {
  return Buffer.from(hex[name], 'hex')
}

/** The OID that `mood` had. */
export const moodOid = 0x401c
