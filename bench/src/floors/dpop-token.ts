/**
 * Floor of `dpop_token`: the secret by one hash, one verification of the proof with a key that is kept, one durable mark for its `jti`, one
 * signature.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { parse } from 'node:querystring';
import { epochSeconds } from '../clock.ts';
import { isMembers } from '../json.ts';
import { thumbprintOf } from '../jwk.ts';
import { authenticate } from './client-auth.ts';
import { JwtSigner } from './jwt.ts';
import { MarkTable } from './mark-table.ts';
import { findOwnTokenFault, replyOwnToken } from './own-token.ts';
import { refuse, serve } from './serve.ts';
import { readSettings } from './settings.ts';
import { readPart, splitJwt, verifiedClaims } from './signed-jwt.ts';

/** Seconds that a proof may be old or ahead. */
const WINDOW = 60;
const MAX_KEYS = 1000;

interface ProofKey {
  readonly key: KeyObject;
  readonly jkt: string;
}

const settings = readSettings();
const signer = new JwtSigner(settings.ecKey, 'at+jwt');
const marks = new MarkTable(settings.directory);
const url = `${settings.issuer}/oauth/token`;
/** By the header's text: an installation of a client has one key for all its proofs. */
const keys = new Map<string, ProofKey>();

serve(
  settings,
  (request, body, response) => {
    const clientId = authenticate(request.headers.authorization);
    if (clientId === undefined) return refuse(response, 401, 'invalid_client');
    const fault = findOwnTokenFault(parse(body), settings);
    if (fault !== undefined) return refuse(response, 400, fault);
    const proof = splitJwt(request.headers['dpop']);
    const proofKey = proof === undefined ? undefined : keyOf(proof.head);
    if (proof === undefined || proofKey === undefined) return refuse(response, 400, 'invalid_dpop_proof');
    const { htm, htu, iat, jti } = verifiedClaims(proof, proofKey.key) ?? {};
    const isFresh = typeof iat === 'number' && Math.abs(epochSeconds() - iat) <= WINDOW;
    if (htm !== request.method || htu !== url || !isFresh || typeof jti !== 'string') return refuse(response, 400, 'invalid_dpop_proof');
    marks.take(`${proofKey.jkt}${jti}`, iat + 2 * WINDOW, (isFirst) => {
      if (isFirst) replyOwnToken(response, settings, signer, clientId, proofKey.jkt);
      else refuse(response, 400, 'invalid_dpop_proof');
    });
  },
  () => true,
);

function keyOf(head: string): ProofKey | undefined {
  const kept = keys.get(head);
  if (kept !== undefined) return kept;
  const { alg, typ, jwk } = readPart(head) ?? {};
  if (alg !== 'ES256' || typ !== 'dpop+jwt' || !isMembers(jwk) || 'd' in jwk || keys.size === MAX_KEYS) return undefined;
  const found: ProofKey = { key: createPublicKey({ key: jwk, format: 'jwk' }), jkt: thumbprintOf(jwk) };
  keys.set(head, found);
  return found;
}
