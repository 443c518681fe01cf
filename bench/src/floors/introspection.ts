/** Floor of `introspect_opaque`: the secret by one hash, one row by its id, the token's hash against the row's. */
import { timingSafeEqual } from 'node:crypto';
import { parse } from 'node:querystring';
import { epochSeconds } from '../clock.ts';
import { readNumber } from '../json.ts';
import { authenticate } from './client-auth.ts';
import { GrantTable, readColumns } from './grant-table.ts';
import { hashOf, readGrantToken } from './grant-token.ts';
import { refuse, replyJson, serve } from './serve.ts';
import { readSettings } from './settings.ts';

const settings = readSettings();
const table = new GrantTable(settings);
const find = table.database.prepare(
  'SELECT secret_hash, revoked_at, expires_at, rotated_at, subject, client_id, scope, resource FROM grants WHERE id = ?',
);
find.setReturnArrays(true);

serve(
  settings,
  (request, body, response) => {
    if (authenticate(request.headers.authorization) === undefined) return refuse(response, 401, 'invalid_client');
    const token = readGrantToken(parse(body)['token']);
    const row = token === undefined ? undefined : readColumns(find.get(token.id));
    if (token === undefined || row === undefined) return replyJson(response, 200, { active: false });
    const [secretHash, revokedAt, exp, iat, sub, client_id, scope, aud] = row;
    const isRight = secretHash instanceof Uint8Array && timingSafeEqual(hashOf(token.secret), secretHash);
    if (!isRight || revokedAt !== null || Number(exp) <= epochSeconds()) return replyJson(response, 200, { active: false });
    replyJson(response, 200, { active: true, iss: settings.issuer, sub, aud, client_id, scope, token_type: 'Bearer', iat, exp });
  },
  (order) => table.add(readNumber(order, 'count'), 1),
);
