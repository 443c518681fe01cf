import type { KeyObject } from 'node:crypto';
import { decodeBase64url } from '@hufu/protocol/base64url';
import { CONTENT_ENCRYPTION_ALGS, ENCRYPTION_ALGS, SYMMETRIC_ENCRYPTION_ALGS } from '@hufu/protocol/jose-algorithms';
import { readJwtPart } from '@hufu/protocol/jwt';
import { fitsEncryption } from './fits-encryption.ts';
import { secretKey } from './secret-key.ts';

/** Longest JWE that is looked at, in characters. */
export const MAX_JWE = 65_536;

/** What a JWE may be opened with: our key pairs, by `kid`, and the secrets of the client that it comes from. */
export interface DecryptionKeys {
  readonly pairs: readonly { readonly kid: string; readonly key: KeyObject }[];
  readonly secrets: readonly string[];
}

export interface Decrypted {
  readonly header: { readonly alg: string; readonly enc: string };
  readonly plaintext: string;
}

/**
 * Opens a compact JWE (RFC 7516 §7.1); undefined for anything that does not open, whatever the reason. What its header asks for is judged
 * before any work is done on it (RFC 8725 §3.1): known algorithms alone, no compression, no extension.
 */
export async function decryptCompact(text: string, keys: DecryptionKeys): Promise<Decrypted | undefined> {
  const header = readHeader(text);
  if (header === undefined) return undefined;
  const candidates = findCandidates(header, keys);
  if (candidates.length === 0) return undefined;
  // Loaded by the first who needs it: a server that decrypts nothing starts without it.
  const { compactDecrypt } = await import('jose/jwe/compact/decrypt');
  for (const key of candidates) {
    try {
      const { plaintext } = await compactDecrypt(text, key, {
        keyManagementAlgorithms: [header.alg],
        contentEncryptionAlgorithms: [header.enc],
        maxDecompressedLength: 0,
      });
      return { header: { alg: header.alg, enc: header.enc }, plaintext: utf8.decode(plaintext) };
    } catch {
      // Not with this key. Why is nobody's business: each reason that is told apart would be an oracle.
    }
  }
  return undefined;
}

interface Header {
  readonly alg: string;
  readonly enc: string;
  readonly kid: string | undefined;
}

/** Characters; what an `epk` on the largest curve and a `kid` take is a quarter of it. */
const MAX_HEADER = 4_096;
/** More secrets of one client, or key pairs without a `kid` to tell them apart, are not tried. */
const MAX_CANDIDATES = 8;

const utf8: TextDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readHeader(text: string): Header | undefined {
  if (text.length > MAX_JWE) return undefined;
  const parts = text.split('.', 6);
  const [head = '', ...rest] = parts;
  if (parts.length !== 5 || head.length > MAX_HEADER) return undefined;
  const header = readJwtPart(head);
  if (header === undefined || rest.some((part) => part !== '' && decodeBase64url(part) === undefined)) return undefined;
  const { alg, enc, kid } = header;
  if (typeof alg !== 'string' || !ENCRYPTION_ALGS.includes(alg) || typeof enc !== 'string' || !CONTENT_ENCRYPTION_ALGS.includes(enc))
    return undefined;
  if (kid !== undefined && typeof kid !== 'string') return undefined;
  return ['zip', 'crit', 'b64'].some((name) => Object.hasOwn(header, name)) ? undefined : { alg, enc, kid };
}

/** The key that a `kid` names, or those of the right kind where it names none. A secret has no name. */
function findCandidates({ alg, enc, kid }: Header, keys: DecryptionKeys): readonly (KeyObject | Uint8Array)[] {
  if (SYMMETRIC_ENCRYPTION_ALGS.includes(alg)) return keys.secrets.slice(0, MAX_CANDIDATES).map((secret) => secretKey(secret, alg, enc));
  return keys.pairs
    .filter((pair) => (kid === undefined || pair.kid === kid) && fitsEncryption(alg, pair.key))
    .slice(0, MAX_CANDIDATES)
    .map((pair) => pair.key);
}
