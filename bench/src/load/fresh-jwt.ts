import { randomBytes } from 'node:crypto';
import { epochSeconds } from '../clock.ts';
import { JwtSigner } from '../floors/jwt.ts';
import { readMembers } from '../json.ts';
import { publicEcKey } from '../jwk.ts';
import type { FreshJwt } from './plan.ts';

/** A client assertion is for the one request that carries it. */
const ASSERTION_SECONDS = 60;

/** Signs one JWT after the other with one key, each with a `jti` of its own. */
export class FreshJwtWriter {
  readonly #signer: JwtSigner;
  readonly #claims: Readonly<Record<string, unknown>>;
  readonly #lifetime: number;
  readonly #name: string = randomBytes(15).toString('base64url');
  #count = 0;

  /** @param key a private P-256 JWK as JSON */
  constructor(jwt: FreshJwt, key: string) {
    const jwk = readMembers(key, 'key of the credentials');
    if (jwt.kind === 'dpop_proof') {
      this.#signer = new JwtSigner(jwk, 'dpop+jwt', { jwk: publicEcKey(jwk) });
      this.#claims = { htm: jwt.method, htu: jwt.url };
      this.#lifetime = 0;
    } else {
      this.#signer = new JwtSigner(jwk, 'JWT');
      this.#claims = { iss: jwt.clientId, sub: jwt.clientId, aud: jwt.audience };
      this.#lifetime = ASSERTION_SECONDS;
    }
  }

  write(): string {
    this.#count += 1;
    const iat = epochSeconds();
    const end = this.#lifetime === 0 ? undefined : { exp: iat + this.#lifetime };
    return this.#signer.sign({ ...this.#claims, iat, ...end, jti: `${this.#name}.${this.#count}` });
  }
}
