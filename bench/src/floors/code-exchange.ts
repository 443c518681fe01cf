/** Floor of `code_exchange`: PKCE by one hash, one conditional UPDATE that takes the code and keeps the new secret's hash, then the tokens. */
import { hash } from 'node:crypto';
import { parse } from 'node:querystring';
import { epochSeconds } from '../clock.ts';
import { REFRESH_TOKEN_SECONDS } from '../contract.ts';
import { readNumber } from '../json.ts';
import { authenticate } from './client-auth.ts';
import { type GrantRow, GrantTable, rowOf } from './grant-table.ts';
import { hashOf, newSecret, readGrantToken, writeGrantToken } from './grant-token.ts';
import { refuse, serve } from './serve.ts';
import { readSettings } from './settings.ts';
import { tokenReply } from './token-reply.ts';
import { TurnCommit } from './turn.ts';

const settings = readSettings();
const table = new GrantTable(settings);
const turn = new TurnCommit(table.database);
const reply = tokenReply(settings);
const take = table.database.prepare(`
  UPDATE grants SET generation = 1, secret_hash = ?, rotated_at = ?, expires_at = ?
  WHERE id = ? AND generation = 0 AND secret_hash = ? AND client_id = ? AND code_challenge = ? AND redirect_uri = ?
    AND revoked_at IS NULL AND expires_at > ?
  RETURNING subject, client_id, scope, resource`);
take.setReturnArrays(true);

serve(
  settings,
  (request, body, response) => {
    const clientId = authenticate(request.headers.authorization);
    if (clientId === undefined) return refuse(response, 401, 'invalid_client');
    const form = parse(body);
    const { code_verifier: verifier, redirect_uri: redirectUri } = form;
    if (form['grant_type'] !== 'authorization_code') return refuse(response, 400, 'unsupported_grant_type');
    const code = readGrantToken(form['code']);
    if (code === undefined || typeof verifier !== 'string' || typeof redirectUri !== 'string')
      return refuse(response, 400, 'invalid_grant');
    const challenge = hash('sha256', verifier, 'base64url');
    const codeHash = hashOf(code.secret);
    const secret = newSecret();
    const secretHash = hashOf(secret);
    let row: GrantRow | undefined;
    turn.add({
      apply: () => {
        const now = epochSeconds();
        row = rowOf(take.get(secretHash, now, now + REFRESH_TOKEN_SECONDS, code.id, codeHash, clientId, challenge, redirectUri, now));
      },
      reply: () =>
        row === undefined
          ? refuse(response, 400, 'invalid_grant')
          : reply(response, row, writeGrantToken({ id: code.id, generation: 1, secret })),
    });
  },
  (order) => table.add(readNumber(order, 'count'), 0),
);
