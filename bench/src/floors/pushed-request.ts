/** Floor of `par`: the secret by one hash, the parameters as one row in the turn's transaction. */
import { timingSafeEqual } from 'node:crypto';
import { parse } from 'node:querystring';
import { epochSeconds } from '../clock.ts';
import { PUSHED_REQUEST_SECONDS, REDIRECT_URI } from '../contract.ts';
import { readTexts } from '../json.ts';
import { authenticate } from './client-auth.ts';
import { openDatabase } from './database.ts';
import { readColumns } from './grant-table.ts';
import { hashOf, newSecret, readGrantToken, writeGrantToken } from './grant-token.ts';
import { refuse, replyJson, serve } from './serve.ts';
import { readSettings } from './settings.ts';
import { TurnCommit } from './turn.ts';

const PREFIX = 'urn:ietf:params:oauth:request_uri:';

const settings = readSettings();
const database = openDatabase(settings.directory);
database.exec(`
  CREATE TABLE IF NOT EXISTS pushed_requests (
    id INTEGER PRIMARY KEY, secret_hash BLOB NOT NULL, client_id TEXT NOT NULL, parameters TEXT NOT NULL, expires_at INTEGER NOT NULL
  ) STRICT`);
const turn = new TurnCommit(database);
const insert = database.prepare('INSERT INTO pushed_requests VALUES (?, ?, ?, ?, ?)');
const find = database.prepare('SELECT secret_hash, expires_at FROM pushed_requests WHERE id = ?');
find.setReturnArrays(true);
let count = 0;

serve(
  settings,
  (request, body, response) => {
    const clientId = authenticate(request.headers.authorization);
    if (clientId === undefined) return refuse(response, 401, 'invalid_client');
    const form = parse(body);
    if (form['client_id'] !== clientId || form['response_type'] !== 'code') return refuse(response, 400, 'invalid_request');
    if (form['redirect_uri'] !== REDIRECT_URI || form['request_uri'] !== undefined) return refuse(response, 400, 'invalid_request');
    if (form['scope'] !== settings.scope) return refuse(response, 400, 'invalid_scope');
    if (form['resource'] !== settings.resource) return refuse(response, 400, 'invalid_target');
    if (form['code_challenge_method'] !== 'S256') return refuse(response, 400, 'invalid_request');
    count += 1;
    const token = { id: count, generation: 0, secret: newSecret() };
    const secretHash = hashOf(token.secret);
    turn.add({
      apply: () => insert.run(token.id, secretHash, clientId, body, epochSeconds() + PUSHED_REQUEST_SECONDS),
      reply: () => replyJson(response, 201, { request_uri: PREFIX + writeGrantToken(token), expires_in: PUSHED_REQUEST_SECONDS }),
    });
  },
  (order) => readTexts(order, 'confirm').every(isKept),
);

function isKept(requestUri: string): boolean {
  const token = requestUri.startsWith(PREFIX) ? readGrantToken(requestUri.slice(PREFIX.length)) : undefined;
  const [secretHash, expiresAt] = (token === undefined ? undefined : readColumns(find.get(token.id))) ?? [];
  return (
    token !== undefined &&
    secretHash instanceof Uint8Array &&
    timingSafeEqual(hashOf(token.secret), secretHash) &&
    Number(expiresAt) > epochSeconds()
  );
}
