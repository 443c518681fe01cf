import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import { PASSPORT_ACTION_TYPE, type PassportAction, type PassportLevel, writeStatement } from '@hufu/protocol/passport';
import { systemNowMs } from './clock.ts';
import type { Passport } from './passport.ts';

export interface StatementOptions {
  /** The name of this service, as the edge calls it. */
  readonly service: string;
  /** Its private key, of P-256 (ES256) or Ed25519: PEM, or a JWK as JSON. The edge has the public half. */
  readonly key: string | KeyObject;
  /** `kid` of the public half in the edge's configuration. */
  readonly kid: string;
  readonly nowMs?: () => number;
}

/** What of a Passport a statement names. */
export type StatedPassport = Pick<Passport, 'id' | 'issuer' | 'user' | 'device'>;

/** Makes statements about Passports. */
export interface PassportStatements {
  /**
   * The value of a header `Passport-Action` for the answer to the request that the Passport came with. It is good for that answer alone, and once.
   *
   * @throws {TypeError} where the Passport says nothing of whom the action is about, and for a step-up without a level
   */
  state(passport: StatedPassport, action: PassportAction, level?: PassportLevel): string;
}

const LIFE_SECONDS = 30;

/**
 * Tells the edge what a service knows: that somebody has signed out, has to show more, is somebody else by now. The edge does it where its configuration lets this
 * service ask for it.
 *
 * @throws {TypeError} for a key of another kind.
 */
export function passportStatements({ service, key, kid, nowMs = systemNowMs }: StatementOptions): PassportStatements {
  const privateKey = readKey(key);
  const isEd = privateKey.asymmetricKeyType === 'ed25519';
  if (!isEd && privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new TypeError('statements are signed with a P-256 or an Ed25519 key');
  const head = `${encode({ alg: isEd ? 'EdDSA' : 'ES256', typ: PASSPORT_ACTION_TYPE, kid })}.`;
  const options = isEd ? { key: privateKey } : ({ key: privateKey, dsaEncoding: 'ieee-p1363' } as const);
  return {
    state(passport, action, level) {
      const subject = action === 'DEVICE_CLEAR' ? passport.device?.id : passport.user?.subject;
      if (subject === undefined) throw new TypeError(`the Passport says nothing of whom ${action} could be about`);
      if (action === 'USER_STEP_UP' && level === undefined) throw new TypeError('a step-up leads to a level');
      const issuedAt = Math.floor(nowMs() / 1_000);
      const input = `${head}${encode(
        writeStatement({
          issuer: service,
          audience: passport.issuer,
          id: randomUUID(),
          issuedAt,
          expiresAt: issuedAt + LIFE_SECONDS,
          passportId: passport.id,
          action,
          subject,
          level,
        }),
      )}`;
      const signature = sign(isEd ? null : 'sha256', Buffer.from(input), options);
      return `${input}.${signature.toString('base64url')}`;
    },
  };
}

function readKey(key: string | KeyObject): KeyObject {
  if (typeof key !== 'string') return key;
  return key.trimStart().startsWith('{') ? createPrivateKey({ key: JSON.parse(key), format: 'jwk' }) : createPrivateKey(key);
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
