import { createHash } from 'node:crypto';
import type { Signer } from './signer.ts';

/** The JWKS (RFC 7517 §5) as bytes and an `ETag`: public members, `kid`, `use`, `alg`. */
export function writeJwks(signers: readonly Signer[]): { readonly body: Buffer; readonly etag: string } {
  const keys = signers.map((key) => ({ ...Object(JSON.parse(key.record.publicJwk)), kid: key.kid, use: 'sig', alg: key.alg }));
  const body = Buffer.from(JSON.stringify({ keys }));
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}
