import { hash } from 'node:crypto';
import type { VerificationKey } from './key-set.ts';
import type { TokenMarks } from './marks.ts';
import type { LiveToken } from './verification.ts';

/** A token that was verified, with the key that its signature was verified by. */
export interface VerifiedToken {
  readonly token: LiveToken;
  readonly key: VerificationKey;
  /** By what it may be revoked; undefined where nobody tells us of revocations. */
  readonly marks: TokenMarks | undefined;
}

/** Entries of one generation where nobody says otherwise. Only tokens that held get in, so nobody fills it with rubbish. */
const MAX_TOKENS = 2_000;

/**
 * Tokens that were verified, by their SHA-256 (a dump of the memory shows none of them). Two generations: what is used moves to the younger, and when that is full
 * the older falls as a whole, so that the last 2,000 (or as many as are asked for) that were used are always there; exact order would cost each new token a walk through what was deleted
 * before. Says nothing about whether they still hold.
 */
export class TokenCache {
  #young = new Map<string, VerifiedToken>();
  #old = new Map<string, VerifiedToken>();
  readonly #maxTokens: number;

  constructor(maxTokens: number = MAX_TOKENS) {
    this.#maxTokens = maxTokens;
  }

  find(name: string): VerifiedToken | undefined {
    const found = this.#young.get(name);
    if (found !== undefined) return found;
    const older = this.#old.get(name);
    if (older !== undefined) this.keep(name, older);
    return older;
  }

  keep(name: string, verified: VerifiedToken): void {
    if (this.#young.size >= this.#maxTokens) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, verified);
  }

  drop(name: string): void {
    this.#young.delete(name);
    this.#old.delete(name);
  }

  /** Entries, some of them twice. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }
}

/** Under which name a token is kept: its SHA-256. */
export function nameOfToken(token: string): string {
  return hash('sha256', token, 'base64url');
}
