/**
 * Floor of `device_poll`: one conditional UPDATE in the turn's transaction that finds the code and notes when it was asked about. The time
 * is durable so that the interval holds whichever process is asked.
 */
import { parse } from 'node:querystring';
import { epochSeconds } from '../clock.ts';
import { DEVICE_CLIENTS, DEVICE_CODE_SECONDS, deviceClientOf, POLL_SECONDS } from '../contract.ts';
import { readNumber } from '../json.ts';
import { DEVICE_CODE_GRANT, form as writeForm } from '../token-requests.ts';
import { openDatabase } from './database.ts';
import { readColumns } from './grant-table.ts';
import { hashOf, newSecret, readGrantToken, writeGrantToken } from './grant-token.ts';
import { refuse, serve } from './serve.ts';
import { readSettings } from './settings.ts';
import { TurnCommit } from './turn.ts';

const settings = readSettings();
const database = openDatabase(settings.directory);
database.exec(`
  CREATE TABLE IF NOT EXISTS device_codes (
    id INTEGER PRIMARY KEY, secret_hash BLOB NOT NULL, client_id TEXT NOT NULL, decision TEXT NOT NULL, polled_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT`);
const turn = new TurnCommit(database);
const insert = database.prepare(`INSERT INTO device_codes VALUES (?, ?, ?, 'pending', 0, ?)`);
const poll = database.prepare(`
  UPDATE device_codes SET polled_at = ?1 WHERE id = ?2 AND secret_hash = ?3 AND client_id = ?4 AND expires_at > ?1 AND polled_at <= ?5
  RETURNING decision`);
poll.setReturnArrays(true);
let codes = 0;

serve(
  settings,
  (_request, body, response) => {
    const form = parse(body);
    const { client_id: clientId } = form;
    if (form['grant_type'] !== DEVICE_CODE_GRANT) return refuse(response, 400, 'unsupported_grant_type');
    const code = readGrantToken(form['device_code']);
    if (code === undefined || typeof clientId !== 'string') return refuse(response, 400, 'invalid_grant');
    const secretHash = hashOf(code.secret);
    let decision: unknown;
    turn.add({
      apply: () => {
        const now = epochSeconds();
        decision = readColumns(poll.get(now, code.id, secretHash, clientId, now - POLL_SECONDS))?.[0];
      },
      reply: () => refuse(response, 400, decision === 'pending' ? 'authorization_pending' : 'invalid_grant'),
    });
  },
  (order) => addCodes(readNumber(order, 'count')),
);

function addCodes(count: number): unknown {
  const made: unknown[] = [];
  const expiresAt = epochSeconds() + DEVICE_CODE_SECONDS;
  database.exec('BEGIN');
  for (let index = 0; index < count; index += 1) {
    codes += 1;
    const token = { id: codes, generation: 0, secret: newSecret() };
    const clientId = deviceClientOf(index % DEVICE_CLIENTS);
    insert.run(token.id, hashOf(token.secret), clientId, expiresAt);
    made.push({ value: writeForm({ device_code: writeGrantToken(token), client_id: clientId }), subject: '' });
  }
  database.exec('COMMIT');
  return made;
}
