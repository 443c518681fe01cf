/** Floor of `private_key_jwt_token`: one verification of the client's assertion, one durable mark for its `jti`, one signature. */
import { createPublicKey } from 'node:crypto';
import { parse } from 'node:querystring';
import { epochSeconds } from '../clock.ts';
import { SIGNER_ID } from '../contract.ts';
import { JWT_BEARER } from '../token-requests.ts';
import { JwtSigner } from './jwt.ts';
import { MarkTable } from './mark-table.ts';
import { findOwnTokenFault, replyOwnToken } from './own-token.ts';
import { refuse, serve } from './serve.ts';
import { readSettings } from './settings.ts';
import { readPart, splitJwt, verifiedClaims } from './signed-jwt.ts';

const settings = readSettings();
const signer = new JwtSigner(settings.ecKey, 'at+jwt');
const marks = new MarkTable(settings.directory);
const key = createPublicKey({ key: settings.clientKey, format: 'jwk' });

serve(
  settings,
  (_request, body, response) => {
    const form = parse(body);
    const assertion = form['client_assertion_type'] === JWT_BEARER ? splitJwt(form['client_assertion']) : undefined;
    if (assertion === undefined || readPart(assertion.head)?.['alg'] !== 'ES256') return refuse(response, 401, 'invalid_client');
    const { iss, sub, aud, exp, jti } = verifiedClaims(assertion, key) ?? {};
    const isLive = typeof exp === 'number' && exp > epochSeconds();
    if (iss !== SIGNER_ID || sub !== SIGNER_ID || aud !== settings.issuer || !isLive || typeof jti !== 'string') {
      return refuse(response, 401, 'invalid_client');
    }
    const fault = findOwnTokenFault(form, settings);
    if (fault !== undefined) return refuse(response, 400, fault);
    marks.take(jti, exp, (isFirst) => {
      if (isFirst) replyOwnToken(response, settings, signer, SIGNER_ID, undefined);
      else refuse(response, 401, 'invalid_client');
    });
  },
  () => true,
);
