/**
 * Floor of `refresh_postgres`: what arrives in one turn is one UPDATE of all its rows in PostgreSQL, committed before anybody is
 * answered, then the tokens. So many statements may be under way at a time, each on a connection of its own.
 */
import { parse } from 'node:querystring';
import pg from 'pg';
import { epochSeconds } from '../clock.ts';
import { REFRESH_TOKEN_SECONDS, usernameOf } from '../contract.ts';
import { readNumber } from '../json.ts';
import { authenticate } from './client-auth.ts';
import { type Rotation, rowOf, successor } from './grant-table.ts';
import { hashOf, newSecret, readGrantToken, writeGrantToken } from './grant-token.ts';
import { refuse, serve } from './serve.ts';
import { readSettings } from './settings.ts';
import { tokenReply } from './token-reply.ts';

const AT_A_TIME = 4;

const settings = readSettings();
const reply = tokenReply(settings);
const pool = new pg.Pool({ connectionString: settings.postgresUrl, max: AT_A_TIME });
let waiting: Rotation[] = [];
let underWay = 0;

await pool.query(`
  CREATE TABLE grants (
    id bigint PRIMARY KEY, generation integer NOT NULL, subject text NOT NULL, client_id text NOT NULL, scope text NOT NULL,
    resource text NOT NULL, secret_hash bytea NOT NULL, rotated_at bigint NOT NULL, expires_at bigint NOT NULL, revoked_at bigint
  ) WITH (fillfactor = 50)`);

async function rotateWaiting(): Promise<void> {
  if (waiting.length === 0 || underWay === AT_A_TIME) return;
  const batch = waiting;
  waiting = [];
  underWay += 1;
  const now = epochSeconds();
  const { rows } = await pool.query<unknown[]>({
    rowMode: 'array',
    name: 'rotate',
    text: `
      UPDATE grants AS g SET generation = g.generation + 1, rotated_at = $5
      FROM unnest($1::bigint[], $2::integer[], $3::bytea[], $4::text[]) AS p(id, generation, secret_hash, client_id)
      WHERE g.id = p.id AND g.generation = p.generation AND g.secret_hash = p.secret_hash AND g.client_id = p.client_id
        AND g.revoked_at IS NULL AND g.expires_at > $5
      RETURNING g.id, g.subject, g.client_id, g.scope, g.resource`,
    values: [
      batch.map(({ presented }) => presented.id),
      batch.map(({ presented }) => presented.generation),
      batch.map(({ presented }) => hashOf(presented.secret)),
      batch.map(({ clientId }) => clientId),
      now,
    ],
  });
  underWay -= 1;
  const byId = new Map(rows.map(([id, ...row]) => [Number(id), rowOf(row)]));
  for (const { presented, done } of batch) {
    done(byId.get(presented.id));
    byId.delete(presented.id);
  }
  void rotateWaiting();
}

serve(
  settings,
  (request, body, response) => {
    const clientId = authenticate(request.headers.authorization);
    if (clientId === undefined) return refuse(response, 401, 'invalid_client');
    const form = parse(body);
    if (form['grant_type'] !== 'refresh_token') return refuse(response, 400, 'unsupported_grant_type');
    const presented = readGrantToken(form['refresh_token']);
    if (presented === undefined) return refuse(response, 400, 'invalid_grant');
    waiting.push({
      presented,
      clientId,
      done: (row) => (row === undefined ? refuse(response, 400, 'invalid_grant') : reply(response, row, successor(presented))),
    });
    if (waiting.length === 1) setImmediate(() => void rotateWaiting());
  },
  (order) => addGrants(readNumber(order, 'count')),
);

async function addGrants(count: number): Promise<unknown> {
  const secrets = Array.from({ length: count }, newSecret);
  await pool.query(
    `INSERT INTO grants SELECT i, 1, 'user-' || ((i - 1) % $2), $3, $4, $5, s, $6, $7, NULL FROM unnest($1::bytea[]) WITH ORDINALITY AS t(s, i)`,
    [
      secrets.map(hashOf),
      settings.users,
      settings.clientId,
      settings.scope,
      settings.resource,
      epochSeconds(),
      epochSeconds() + REFRESH_TOKEN_SECONDS,
    ],
  );
  await pool.query('VACUUM ANALYZE grants');
  return secrets.map((secret, index) => ({
    value: writeGrantToken({ id: index + 1, generation: 1, secret }),
    subject: usernameOf(index % settings.users),
  }));
}
