import { hash } from 'node:crypto';
import { SECRET_LENGTH } from '@hufu/protocol/tally';

/** SHA-256 as base64url, 43 characters: what a row keeps of a secret. A secret has 144 random bits, so a fast hash is enough. */
export function sha256(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** The half of an access token that comes one-way from the holder's secret: it never helps to make a refresh token. */
export function derivedSecret(secret: string): string {
  return sha256(`hufu access ${secret}`).slice(0, SECRET_LENGTH);
}
