import { hash } from 'node:crypto';
import { randomBytesView } from './random.ts';

const LENGTH = 6 + 4 + 16;

/** What a floor's code, refresh token or access token says: which row, which generation, and a secret whose hash the row has. */
export interface GrantToken {
  readonly id: number;
  readonly generation: number;
  readonly secret: Buffer;
}

export function writeGrantToken(token: GrantToken): string {
  const bytes = Buffer.allocUnsafe(LENGTH);
  bytes.writeUIntBE(token.id, 0, 6);
  bytes.writeUInt32BE(token.generation, 6);
  token.secret.copy(bytes, 10);
  return bytes.toString('base64url');
}

export function readGrantToken(text: unknown): GrantToken | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== LENGTH) return undefined;
  return { id: bytes.readUIntBE(0, 6), generation: bytes.readUInt32BE(6), secret: bytes.subarray(10) };
}

export function newSecret(): Buffer {
  return Buffer.from(randomBytesView(16));
}

export function hashOf(secret: Buffer): Buffer {
  return hash('sha256', secret, 'buffer');
}
