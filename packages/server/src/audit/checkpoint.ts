import type { webcrypto } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import { equalText } from '@hufu/protocol/equal-text';
import type { AuditCheckpoint } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { signingAlgorithms } from '../keys/algorithms.ts';
import { usualSigner } from '../keys/require-signer.ts';
import { thumbprint } from '../keys/signer.ts';

/** What is signed of a checkpoint. */
export interface CheckpointClaims {
  readonly iss: string;
  readonly tenant: number;
  /** The number of the entry, and its hash. */
  readonly seq: number;
  readonly hash: string;
  readonly at_ms: number;
  /** The checkpoint before; 0 for none. */
  readonly previous: number;
  /** Over all of the above, under the master key: keys that sign go, and that stays. */
  readonly mac: string;
}

/** What is signed under the master key. */
export function checkpointText({ iss, tenant, seq, hash, at_ms: at, previous }: Omit<CheckpointClaims, 'mac'>): string {
  return JSON.stringify(['hufu-audit-checkpoint-1', iss, tenant, seq, hash, at, previous]);
}

/** Signs what the chain is up to a number, with the key that signs for everybody (RFC 7515 §7.1). */
export function signCheckpoint(ctx: Context, head: { readonly seq: number; readonly hash: string }, previous: number): AuditCheckpoint {
  const atMs = ctx.clock.nowMs();
  const signer = usualSigner(ctx, Math.floor(atMs / 1000));
  const claims = { iss: ctx.issuer, tenant: ctx.tenant, seq: head.seq, hash: head.hash, at_ms: atMs, previous };
  const jws = signer.sign('audit-checkpoint+jwt', { ...claims, mac: ctx.signAudit(checkpointText(claims)) });
  return { ...head, atMs, jws, jwk: signer.record.publicJwk };
}

/** How a checkpoint's key is known. */
export interface Trust {
  /** RFC 7638 thumbprints of keys of the issuer; undefined: nobody said which they are. */
  readonly thumbprints: ReadonlySet<string> | undefined;
  /** Where the master key is there. */
  readonly mac: ((text: string) => string) | undefined;
  readonly issuer: string | undefined;
  readonly tenant: number;
}

/** What is wrong with a checkpoint; undefined where nothing is. It is not looked at whether the chain agrees. */
export function faultOf({ seq, hash, atMs, jws, jwk }: AuditCheckpoint, trust: Trust): string | undefined {
  const [header = '', payload = '', signature = '', ...more] = jws.split('.');
  const key = readJson(jwk);
  const { alg, kid, typ } = readJson(decode(header));
  const algorithm = typeof alg === 'string' ? signingAlgorithms.get(alg) : undefined;
  if (more.length > 0 || algorithm === undefined || typ !== 'audit-checkpoint+jwt') return 'it is no checkpoint';
  try {
    const publicKey = createPublicKey({ key: key as webcrypto.JsonWebKey, format: 'jwk' });
    if (!algorithm.fits(publicKey) || !algorithm.verify(`${header}.${payload}`, Buffer.from(signature, 'base64url'), publicKey))
      return 'its signature is wrong';
  } catch {
    return 'its key does not read';
  }
  const own = thumbprint(jwk);
  if (kid !== own) return 'it names another key';
  const claims = readJson(decode(payload));
  const read = readClaims(claims);
  if (read === undefined || read.seq !== seq || !equalText(read.hash, hash) || read.at_ms !== atMs || read.tenant !== trust.tenant)
    return 'what is signed is something else';
  if (trust.issuer !== undefined && read.iss !== trust.issuer) return `it is of ${read.iss.slice(0, 200)}`;
  if (trust.mac !== undefined && !equalText(trust.mac(checkpointText(read)), read.mac)) return 'no server of this master key has made it';
  if (trust.thumbprints !== undefined && !trust.thumbprints.has(own)) return `the key ${own} is none of those that are trusted`;
  return undefined;
}

function readClaims(claims: Readonly<Record<string, unknown>>): CheckpointClaims | undefined {
  const { iss, tenant, seq, hash, at_ms, previous, mac } = claims;
  if (typeof iss !== 'string' || typeof hash !== 'string' || typeof mac !== 'string') return undefined;
  if (typeof tenant !== 'number' || typeof seq !== 'number' || typeof at_ms !== 'number' || typeof previous !== 'number') return undefined;
  return { iss, tenant, seq, hash, at_ms, previous, mac };
}

/** An empty object for whatever is none. */
function readJson(text: string): Readonly<Record<string, unknown>> {
  try {
    return { ...Object(JSON.parse(text)) };
  } catch {
    return {};
  }
}

function decode(part: string): string {
  return Buffer.from(part, 'base64url').toString();
}
