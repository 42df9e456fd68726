import type { PostgresQueries } from '@flinkts/test-services'

/**
 * A trigger numbers every version of a row, and keeps account of what was done to it, in the same
 * transaction: `written` is what the copy is compared with. Its `entry` is taken while the row is
 * locked, so it grows in the order of the commits of each id.
 */
const sourceTables = `
  create table accounts (
    id bigint primary key,
    change bigint not null,
    owner text,
    balance numeric(14, 2) not null,
    tags text[],
    touched timestamptz not null
  );
  alter table accounts replica identity full;

  create table written (
    entry bigint generated always as identity primary key,
    operation text not null,
    id bigint not null,
    change bigint not null,
    content text not null
  );
  create sequence changes;

  create function number_change() returns trigger language plpgsql as $$
  begin
    new.change := nextval('changes');
    new.touched := clock_timestamp();
    return new;
  end $$;
  create trigger number_change before insert or update on accounts
    for each row execute function number_change();

  create function note_change() returns trigger language plpgsql as $$
  declare
    line accounts := coalesce(new, old);
  begin
    insert into written (operation, id, change, content) values (lower(tg_op), line.id,
      line.change, row(line.owner, line.balance, line.tags, line.touched)::text);
    return null;
  end $$;
  create trigger note_change after insert or update or delete on accounts
    for each row execute function note_change()`

const filling = `
  insert into accounts (id, owner, balance, tags)
  select n, 'owner ' || n, n * 1.25, array['a', null, 'b,c ' || n] from generate_series(1, $1) n`

/**
 * Nothing keeps a row from coming twice: that is for the job to do. The job removes rows of its
 * ledger that it needs no more: what they noted is kept for the account.
 */
const targetTables = `
  create table copied (
    operation text,
    lsn pg_lsn,
    position int,
    id bigint,
    change bigint,
    owner text,
    balance numeric(14, 2),
    tags text[],
    touched timestamptz
  );

  create table flinkts_ledger (
    job_id text not null,
    operator_id text not null,
    subtask int4 not null,
    checkpoint_id int8 not null,
    committed_at timestamptz not null default clock_timestamp(),
    rows int8 not null,
    primary key (job_id, operator_id, subtask, checkpoint_id)
  );
  create table forgotten (like flinkts_ledger);

  create function keep_account() returns trigger language plpgsql as $$
  begin
    insert into forgotten select (old).*;
    return null;
  end $$;
  create trigger keep_account after delete on flinkts_ledger
    for each row execute function keep_account()`

/** Makes the table that is copied, with `rows` rows of the ids from 1. */
export async function createSourceTables(source: PostgresQueries, rows: number): Promise<void> {
  await source.query(sourceTables)
  await source.query(filling, [rows])
}

export async function createTargetTables(target: PostgresQueries): Promise<void> {
  await target.query(targetTables)
}
