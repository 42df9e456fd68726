/**
 * The data of the Postgres bench: a table of orders in which every value follows from the row's id,
 * and a workload that is the same in every run. Its meaning is that of the measurements that came
 * before it, so that figures compare.
 *
 * Every row and every change can be told from its content: rows of the start have a note `s<id>:…`,
 * what the change number n inserted or updated `c<n>:…`, and no id is ever used again.
 */

/** The schema and `rows` orders, 277 MB a million. */
export function seedStatements(rows: number): readonly string[] {
  return [
    `create table orders (
      id int8 primary key, customer_id int4 not null, amount numeric(12,2) not null,
      status text not null, note text not null, created_at timestamptz not null,
      payload jsonb not null)`,
    `insert into orders
      select i, (i * 7919 % 100003)::int4, ((i * 104729 % 99999999)::numeric / 100)::numeric(12,2),
        (array['new', 'paid', 'shipped', 'done', 'refunded'])[1 + i % 5],
        's' || i || ':' || repeat(md5(i::text), 3),
        timestamptz '2024-01-01 00:00:00+00' + (i % 31536000) * interval '1 second'
          + (i * 7 % 1000000) * interval '1 microsecond',
        jsonb_build_object('sku', 'A' || (i % 5000), 'qty', i % 9 + 1,
          'tags', jsonb_build_array('x' || i % 17, 'y'), 'price', (i % 10007) / 100.0,
          'gift', i % 3 = 0)
      from generate_series(1::int8, ${rows}) i`,
    // What the workload did. Unlogged, so that it does not reach logical decoding.
    'create unlogged table workload_log (seq int8, operation "char", id int8)',
    'alter table workload_log set (autovacuum_enabled = false)',
    workloadProcedure,
    oneTransactionProcedure,
    'vacuum (freeze, analyze) orders',
    'checkpoint',
  ]
}

/**
 * `call workload(changes, seed, first)`: so many changes, 40 % inserts, 50 % updates, 10 % deletes,
 * in transactions of 1 to 1000, numbered from `first`.
 */
const workloadProcedure = `
create procedure workload(changes int8, seed float8, first_seq int8) language plpgsql as $$
declare
  next_seq int8 := first_seq;
  end_seq int8 := first_seq + changes;
  left_in_transaction int4;
  dice float8;
  target int8;
  last_id int8;
  found_rows int4;
begin
  perform setseed(seed);
  select max(id) into last_id from orders;
  while next_seq < end_seq loop
    left_in_transaction := 1 + floor(random() * 1000);
    while left_in_transaction > 0 and next_seq < end_seq loop
      dice := random();
      if dice < 0.4 then
        last_id := last_id + 1;
        target := last_id;
        insert into orders values (target, (next_seq % 100003)::int4,
          ((next_seq * 31337 % 99999999)::numeric / 100)::numeric(12,2), 'new',
          'c' || next_seq || ':' || repeat(md5(next_seq::text), 3),
          timestamptz '2025-06-01 00:00:00+00' + next_seq * interval '1 millisecond'
            + interval '7 microsecond',
          jsonb_build_object('sku', 'B' || (next_seq % 5000), 'qty', next_seq % 9 + 1,
            'seq', next_seq));
        insert into workload_log values (next_seq, 'c', target);
      elsif dice < 0.9 then
        loop
          target := 1 + floor(random() * last_id);
          update orders set
            status = (array['paid', 'shipped', 'done', 'refunded'])[1 + next_seq % 4],
            amount = ((next_seq * 7 % 99999999)::numeric / 100)::numeric(12,2),
            note = 'c' || next_seq || ':' || repeat(md5(next_seq::text), 3)
            where id = target;
          get diagnostics found_rows = row_count;
          exit when found_rows = 1;
        end loop;
        insert into workload_log values (next_seq, 'u', target);
      else
        loop
          target := 1 + floor(random() * last_id);
          delete from orders where id = target;
          get diagnostics found_rows = row_count;
          exit when found_rows = 1;
        end loop;
        insert into workload_log values (next_seq, 'd', target);
      end if;
      next_seq := next_seq + 1;
      left_in_transaction := left_in_transaction - 1;
    end loop;
    commit;
  end loop;
end $$`

/** `call one_transaction(changes)`: updates the first rows, all in one transaction. */
const oneTransactionProcedure = `
create procedure one_transaction(changes int8) language plpgsql as $$
begin
  update orders set status = 'done', note = 'c' || id || ':' || repeat(md5(id::text), 3)
    where id <= changes;
  insert into workload_log select i, 'u', i from generate_series(1::int8, changes) i;
end $$`

/** The seed of the workload's n-th call. */
export function workloadSeed(call: number): number {
  return 0.42 + call * 0.001
}
