import type { PeerPlace } from '../peer.ts'

/**
 * The login in the variables that every client of Postgres knows; for peers that run in Node too.
 */
export function environment(place: Pick<PeerPlace, 'login' | 'database'>): Record<string, string> {
  const { host, port, user, password } = place.login
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '/',
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: place.database,
    PGTZ: 'UTC',
  }
}
