import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { PasskeyOptions } from '../passkeys/options.ts';
import { type Cbor, encodeCbor } from './cbor.ts';

/** What a test makes the authenticator or the browser say instead of the truth. */
export interface Lies {
  readonly type?: string;
  readonly challenge?: string;
  readonly origin?: string;
  readonly rpId?: string;
  /** More members of the client data: `crossOrigin`, `topOrigin`. */
  readonly clientData?: Readonly<Record<string, unknown>>;
  readonly present?: boolean;
  readonly verified?: boolean;
  readonly backupEligible?: boolean;
  readonly counter?: number;
  /** null: none. */
  readonly userHandle?: string | null;
  readonly credentialId?: string;
  readonly signWith?: KeyObject;
  readonly format?: string;
  readonly statement?: ReadonlyMap<string, Cbor>;
  readonly algorithm?: number;
}

/** One passkey of a software authenticator. */
export interface SoftPasskey {
  readonly credentialId: string;
  /** As the relying party chose it; '' before it is registered. */
  handle: string;
  readonly privateKey: KeyObject;
  counter: number;
  /** The credential as `navigator.credentials.create()` gives it, in JSON. */
  create(options: Pick<PasskeyOptions, 'publicKey'>, lies?: Lies): string;
  /** As `navigator.credentials.get()` gives it. Counts, unless it never does. */
  get(options: Pick<PasskeyOptions, 'publicKey'>, lies?: Lies): string;
}

export interface SoftPasskeyOptions {
  /** Where its browser is. */
  readonly origin: string;
  /** `counts` (default): each use is one more. `synced`: backup eligible, and the counter is 0. */
  readonly kind?: 'counts' | 'synced';
  readonly key?: keyof typeof KEYS;
}

interface PublicJwk {
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

/** Algorithms (RFC 9053 §2, RFC 8812 §2) with their keys in COSE (RFC 9052 §7). */
const KEYS = {
  ES256: {
    algorithm: -7,
    digest: 'sha256',
    make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    parameters: ({ x, y }: PublicJwk): [number, Cbor][] => [
      [1, 2],
      [-1, 1],
      [-2, bytesOf(x)],
      [-3, bytesOf(y)],
    ],
  },
  EdDSA: {
    algorithm: -8,
    digest: null,
    make: () => generateKeyPairSync('ed25519'),
    parameters: ({ x }: PublicJwk): [number, Cbor][] => [
      [1, 1],
      [-1, 6],
      [-2, bytesOf(x)],
    ],
  },
  RS256: {
    algorithm: -257,
    digest: 'sha256',
    make: () => generateKeyPairSync('rsa', { modulusLength: 2_048 }),
    parameters: ({ n, e }: PublicJwk): [number, Cbor][] => [
      [1, 3],
      [-1, bytesOf(n)],
      [-2, bytesOf(e)],
    ],
  },
} as const;

function bytesOf(text = ''): Buffer {
  return Buffer.from(text, 'base64url');
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const BACKUP_ELIGIBLE = 0x08;
const BACKED_UP = 0x10;
const ATTESTED = 0x40;

/** An authenticator and its browser for one passkey (WebAuthn §6.3, §5.1). */
export function softPasskey({ origin, kind = 'counts', key = 'ES256' }: SoftPasskeyOptions): SoftPasskey {
  const { algorithm, digest, make, parameters } = KEYS[key];
  const { privateKey, publicKey } = make();
  const counts = kind === 'counts';

  function clientDataOf(type: string, challenge: string, lies: Lies): Buffer {
    const data = { type: lies.type ?? type, challenge: lies.challenge ?? challenge, origin: lies.origin ?? origin, crossOrigin: false };
    return Buffer.from(JSON.stringify({ ...data, ...lies.clientData }));
  }

  function authenticatorData(rpId: string, lies: Lies, attested?: Buffer): Buffer {
    const eligible = lies.backupEligible ?? !counts;
    const flags =
      (lies.present === false ? 0 : USER_PRESENT) |
      (lies.verified === false ? 0 : USER_VERIFIED) |
      (eligible ? BACKUP_ELIGIBLE | BACKED_UP : 0) |
      (attested === undefined ? 0 : ATTESTED);
    const rest = Buffer.alloc(5);
    rest[0] = flags;
    rest.writeUInt32BE(lies.counter ?? passkey.counter, 1);
    const hash = createHash('sha256')
      .update(lies.rpId ?? rpId)
      .digest();
    return Buffer.concat([hash, rest, attested ?? Buffer.alloc(0)]);
  }

  function coseKey(named: number): Buffer {
    return encodeCbor(new Map<number, Cbor>([[3, named], ...parameters(publicKey.export({ format: 'jwk' }))]));
  }

  const passkey: SoftPasskey = {
    credentialId: randomBytes(20).toString('base64url'),
    handle: '',
    privateKey,
    counter: 0,
    create({ publicKey: options }, lies = {}) {
      if (!('rp' in options)) throw new TypeError('these are options for a passkey that is there');
      passkey.handle = options.user.id;
      const id = Buffer.from(lies.credentialId ?? passkey.credentialId, 'base64url');
      const attested = Buffer.concat([
        Buffer.alloc(16),
        Buffer.from([id.length >> 8, id.length & 0xff]),
        id,
        coseKey(lies.algorithm ?? algorithm),
      ]);
      const authData = authenticatorData(options.rp.id ?? '', lies, attested);
      const object: [string, Cbor][] = [
        ['fmt', lies.format ?? 'none'],
        ['attStmt', lies.statement ?? new Map()],
        ['authData', authData],
      ];
      return JSON.stringify({
        id: passkey.credentialId,
        rawId: passkey.credentialId,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: clientDataOf('webauthn.create', options.challenge, lies).toString('base64url'),
          attestationObject: encodeCbor(new Map(object)).toString('base64url'),
          transports: ['internal'],
        },
      });
    },
    get({ publicKey: options }, lies = {}) {
      if ('rp' in options) throw new TypeError('these are options for a new passkey');
      if (counts) passkey.counter += 1;
      const clientData = clientDataOf('webauthn.get', options.challenge, lies);
      const authData = authenticatorData(options.rpId ?? '', lies);
      const signed = Buffer.concat([authData, createHash('sha256').update(clientData).digest()]);
      const id = lies.credentialId ?? passkey.credentialId;
      const userHandle = lies.userHandle === undefined ? passkey.handle : lies.userHandle;
      return JSON.stringify({
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: clientData.toString('base64url'),
          authenticatorData: authData.toString('base64url'),
          signature: sign(lies.signWith === undefined ? digest : 'sha256', signed, lies.signWith ?? privateKey).toString('base64url'),
          ...(userHandle === null ? {} : { userHandle }),
        },
      });
    },
  };
  return passkey;
}
