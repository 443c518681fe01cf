/** Floor of `userinfo`: one row by its id, the token's hash against the row's, the claims that the row has. */
import { timingSafeEqual } from 'node:crypto';
import { epochSeconds } from '../clock.ts';
import { readNumber } from '../json.ts';
import { GrantTable, readColumns } from './grant-table.ts';
import { hashOf, readGrantToken } from './grant-token.ts';
import { refuse, serve } from './serve.ts';
import { readSettings } from './settings.ts';

const settings = readSettings();
const table = new GrantTable(settings);
const find = table.database.prepare('SELECT secret_hash, revoked_at, expires_at, claims FROM grants WHERE id = ?');
find.setReturnArrays(true);

serve(
  settings,
  (request, _body, response) => {
    const { authorization = '' } = request.headers;
    const token = authorization.startsWith('Bearer ') ? readGrantToken(authorization.slice(7)) : undefined;
    const row = token === undefined ? undefined : readColumns(find.get(token.id));
    if (token === undefined || row === undefined) return refuse(response, 401, 'invalid_token');
    const [secretHash, revokedAt, expiresAt, claims] = row;
    const isRight = secretHash instanceof Uint8Array && timingSafeEqual(hashOf(token.secret), secretHash);
    if (!isRight || revokedAt !== null || Number(expiresAt) <= epochSeconds() || typeof claims !== 'string') {
      return refuse(response, 401, 'invalid_token');
    }
    response.writeHead(200, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'content-length': Buffer.byteLength(claims),
    });
    response.end(claims);
  },
  (order) => table.add(readNumber(order, 'count'), 1),
);
