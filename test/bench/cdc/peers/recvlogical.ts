import path from 'node:path'
import { runProgram } from '../../installation.ts'
import { clientFolder } from '../../postgres-client.ts'
import { recvlogicalFormat } from '../output-formats.ts'
import type { Peer } from '../peer.ts'
import { environment } from './environment.ts'

/** COPY and then the client that comes with Postgres: a floor for the costs, not a product. */
export const recvlogicalPeer: Peer = {
  name: 'pg_recvlogical',
  format: recvlogicalFormat,
  streaming: true,
  settleMs: 6_000,
  install: async () => {
    const folder = await clientFolder('pg_recvlogical')
    const version = await runProgram(path.join(folder, 'pg_recvlogical'), ['--version'])
    return {
      version: version.trim(),
      command: ({ login, database, outputFolder, stateFolder }) =>
        Promise.resolve({
          file: '/bin/bash',
          args: ['-ec', script, 'recvlogical', folder, outputFolder, stateFolder],
          env: environment({ login, database }),
          cwd: stateFolder,
        }),
    }
  },
}

const script = `
bin="$1" out="$2" state="$3"
"$bin/psql" -XqAt -c "select pg_create_logical_replication_slot('reference', 'test_decoding')
  where not exists (select from pg_replication_slots where slot_name = 'reference')" > /dev/null
if [ ! -e "$state/done" ]; then
  "$bin/psql" -Xq -c 'copy orders to stdout' >> "$out/orders.txt"
  touch "$state/done"
fi
exec "$bin/pg_recvlogical" -d "$PGDATABASE" --slot reference --start -f "$out/orders.txt" \\
  -o include-xids=false -o skip-empty-xacts=true`
