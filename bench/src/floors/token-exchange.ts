/**
 * Floor of `token_exchange`: the secret by one hash, the subject token's row by its id, a row for the new token that ends with it, one
 * signature.
 */
import { timingSafeEqual } from 'node:crypto';
import { parse } from 'node:querystring';
import { epochSeconds } from '../clock.ts';
import { ACCESS_TOKEN_SECONDS, JWT_RESOURCE, OPAQUE_RESOURCE } from '../contract.ts';
import { readNumber } from '../json.ts';
import { ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE_GRANT } from '../token-requests.ts';
import { authenticate } from './client-auth.ts';
import { GrantTable, readColumns } from './grant-table.ts';
import { hashOf, readGrantToken } from './grant-token.ts';
import { accessClaims, JwtSigner } from './jwt.ts';
import { refuse, replyJson, serve } from './serve.ts';
import { readSettings } from './settings.ts';
import { TurnCommit } from './turn.ts';

const settings = readSettings();
const signer = new JwtSigner(settings.ecKey, 'at+jwt');
const table = new GrantTable(settings);
const turn = new TurnCommit(table.database);
table.database.exec(`
  CREATE TABLE IF NOT EXISTS exchanged (
    jti TEXT PRIMARY KEY, parent INTEGER NOT NULL, subject TEXT NOT NULL, client_id TEXT NOT NULL, scope TEXT NOT NULL,
    resource TEXT NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER
  ) STRICT, WITHOUT ROWID`);
const find = table.database.prepare('SELECT secret_hash, revoked_at, expires_at, subject, scope, resource FROM grants WHERE id = ?');
find.setReturnArrays(true);
const insert = table.database.prepare('INSERT INTO exchanged VALUES (?, ?, ?, ?, ?, ?, ?, NULL)');

serve(
  settings,
  (request, body, response) => {
    const clientId = authenticate(request.headers.authorization);
    if (clientId === undefined) return refuse(response, 401, 'invalid_client');
    const form = parse(body);
    const { scope } = form;
    if (form['grant_type'] !== TOKEN_EXCHANGE_GRANT) return refuse(response, 400, 'unsupported_grant_type');
    if (form['resource'] !== JWT_RESOURCE) return refuse(response, 400, 'invalid_target');
    const token = form['subject_token_type'] === ACCESS_TOKEN_TYPE ? readGrantToken(form['subject_token']) : undefined;
    const row = token === undefined ? undefined : readColumns(find.get(token.id));
    if (token === undefined || row === undefined || typeof scope !== 'string') return refuse(response, 400, 'invalid_request');
    const [secretHash, revokedAt, expiresAt, subject, granted, resource] = row;
    const isRight = secretHash instanceof Uint8Array && timingSafeEqual(hashOf(token.secret), secretHash) && resource === OPAQUE_RESOURCE;
    if (!isRight || revokedAt !== null || Number(expiresAt) <= epochSeconds()) return refuse(response, 400, 'invalid_request');
    if (!String(granted).split(' ').includes(scope)) return refuse(response, 400, 'invalid_scope');
    const claims = accessClaims(settings.issuer, String(subject), clientId, JWT_RESOURCE, scope);
    turn.add({
      apply: () => insert.run(String(claims['jti']), token.id, String(subject), clientId, scope, JWT_RESOURCE, Number(claims['exp'])),
      reply: () =>
        replyJson(response, 200, {
          access_token: signer.sign(claims),
          issued_token_type: ACCESS_TOKEN_TYPE,
          token_type: 'Bearer',
          expires_in: ACCESS_TOKEN_SECONDS,
          scope,
        }),
    });
  },
  (order) => table.add(readNumber(order, 'count'), 1),
);
