/** Floor of the `refresh` scenarios on SQLite: one conditional UPDATE in the turn's transaction, then the tokens. */
import { parse } from 'node:querystring';
import { epochSeconds } from '../clock.ts';
import { readNumber, readTexts } from '../json.ts';
import { authenticate } from './client-auth.ts';
import { type GrantRow, GrantTable, rowOf, successor } from './grant-table.ts';
import { hashOf, readGrantToken } from './grant-token.ts';
import { isSealedToken } from './opaque.ts';
import { refuse, serve } from './serve.ts';
import { readSettings } from './settings.ts';
import { tokenReply } from './token-reply.ts';
import { TurnCommit } from './turn.ts';

const settings = readSettings();
const table = new GrantTable(settings);
const turn = new TurnCommit(table.database);
const reply = tokenReply(settings);
const rotate = table.database.prepare(`
  UPDATE grants SET generation = generation + 1, rotated_at = ?
  WHERE id = ? AND generation = ? AND secret_hash = ? AND client_id = ? AND revoked_at IS NULL AND expires_at > ?
  RETURNING subject, client_id, scope, resource`);
rotate.setReturnArrays(true);

serve(
  settings,
  (request, body, response) => {
    const clientId = authenticate(request.headers.authorization);
    if (clientId === undefined) return refuse(response, 401, 'invalid_client');
    const form = parse(body);
    if (form['grant_type'] !== 'refresh_token') return refuse(response, 400, 'unsupported_grant_type');
    const presented = readGrantToken(form['refresh_token']);
    if (presented === undefined) return refuse(response, 400, 'invalid_grant');
    const secretHash = hashOf(presented.secret);
    let row: GrantRow | undefined;
    turn.add({
      apply: () => {
        const now = epochSeconds();
        row = rowOf(rotate.get(now, presented.id, presented.generation, secretHash, clientId, now));
      },
      reply: () => (row === undefined ? refuse(response, 400, 'invalid_grant') : reply(response, row, successor(presented))),
    });
  },
  (order) => ('count' in order ? table.add(readNumber(order, 'count'), 1) : readTexts(order, 'confirm').every(isSealedToken)),
);
