import { hash } from 'node:crypto';
import type { VerificationKey } from './key-set.ts';
import type { LiveToken } from './verification.ts';

/** A token that was verified, with the key that its signature was verified by. */
export interface VerifiedToken {
  readonly token: LiveToken;
  readonly key: VerificationKey;
}

/** Entries. Only tokens that held get in, so nobody fills it with rubbish. */
const MAX_TOKENS = 2_000;

/**
 * Tokens that were verified, by their SHA-256 (a dump of the memory shows none of them); the one that was not used for the longest time
 * falls first. Says nothing about whether they still hold.
 */
export class TokenCache {
  readonly #tokens = new Map<string, VerifiedToken>();

  /** Under which name a token is kept. */
  nameOf(token: string): string {
    return hash('sha256', token, 'base64url');
  }

  find(name: string): VerifiedToken | undefined {
    const found = this.#tokens.get(name);
    if (found === undefined) return undefined;
    this.#tokens.delete(name);
    this.#tokens.set(name, found);
    return found;
  }

  keep(name: string, verified: VerifiedToken): void {
    this.#tokens.delete(name);
    this.#tokens.set(name, verified);
    if (this.#tokens.size <= MAX_TOKENS) return;
    const [oldest] = this.#tokens.keys();
    if (oldest !== undefined) this.#tokens.delete(oldest);
  }

  drop(name: string): void {
    this.#tokens.delete(name);
  }

  get size(): number {
    return this.#tokens.size;
  }
}
