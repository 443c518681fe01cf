import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { readJwtPart } from '@hufu/protocol/jwt';

/** A secret of an edge, which all its gateways know. */
export interface EdgeSecret {
  /** 1 to 16 characters of base64url. */
  readonly kid: string;
  /** 32 bytes at least. */
  readonly secret: Uint8Array;
}

/** What a key is for: what was made for one is worth nothing for another. */
export type Purpose = 'session' | 'transaction' | 'result' | 'sign-out' | 'subject' | 'handle' | 'cookie';

/** The keys that all gateways of an edge share, each purpose with its own. */
export interface EdgeKeys {
  /** AES-256-GCM under the newest key, as text. `context` is authenticated: what was sealed for one place opens nowhere else. */
  seal(purpose: Purpose, context: string, plain: string): string;
  /** What was sealed, also under an older key; undefined where it was not, or not for this. */
  open(purpose: Purpose, context: string, sealed: string): string | undefined;
  /**
   * A compact JWE (RFC 7516 §7.1) with `dir` and `A256GCM` (RFC 7518 §4.5, §5.3) under the newest key. Everybody can read `header`, and nobody can change it.
   */
  encrypt(purpose: Purpose, header: Readonly<Record<string, string>>, plain: string): string;
  /** What was encrypted, also under an older key, with its header; undefined where it was not, or not for this. */
  decrypt(purpose: Purpose, jwe: string): { readonly header: Readonly<Record<string, unknown>>; readonly plain: string } | undefined;
  /** A keyed hash of 43 characters under each key, the newest first. */
  hashes(purpose: Purpose, text: string): readonly [string, ...string[]];
}

/**
 * Makes the ring: the first secret is the newest, the others are only read. Throws `TypeError` for none, for one that is too short, and for two of one name.
 */
export function edgeKeys(secrets: readonly EdgeSecret[]): EdgeKeys {
  const [newest, ...older] = secrets;
  if (newest === undefined || secrets.length > MAX_SECRETS) throw new TypeError(`an edge has 1 to ${MAX_SECRETS} secrets`);
  for (const { kid, secret } of secrets) {
    if (!/^[\w-]{1,16}$/.test(kid)) throw new TypeError('the kid of a secret has 1 to 16 characters of base64url');
    if (secret.length < 32) throw new TypeError('a secret of an edge has 32 bytes at least');
  }
  const byKid = new Map(secrets.map(({ kid, secret }) => [kid, secret]));
  if (byKid.size !== secrets.length) throw new TypeError('two secrets of an edge have one kid');
  return {
    seal(purpose, context, plain) {
      const salt = randomBytes(SALT_BYTES);
      const cipher = createCipheriv('aes-256-gcm', keyOf(newest.secret, purpose, salt), NONCE).setAAD(
        Buffer.from(`${newest.kid} ${context}`),
      );
      const sealed = Buffer.concat([salt, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${newest.kid}.${sealed.toString('base64url')}`;
    },

    open(purpose, context, sealed) {
      const [kid = '', text = '', ...more] = sealed.split('.');
      const secret = byKid.get(kid);
      const bytes = Buffer.from(text, 'base64url');
      // One text for one sealing: a spelling that only decodes to the same is none.
      if (secret === undefined || more.length > 0 || bytes.length < SALT_BYTES + TAG_BYTES || bytes.toString('base64url') !== text)
        return undefined;
      const decipher = createDecipheriv('aes-256-gcm', keyOf(secret, purpose, bytes.subarray(0, SALT_BYTES)), NONCE);
      decipher.setAAD(Buffer.from(`${kid} ${context}`)).setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
      try {
        const plain = decipher.update(bytes.subarray(SALT_BYTES, bytes.length - TAG_BYTES));
        return Buffer.concat([plain, decipher.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },

    encrypt(purpose, header, plain) {
      const [salt, iv] = [randomBytes(SALT_BYTES), randomBytes(IV_BYTES)];
      const protect = { ...header, alg: 'dir', enc: 'A256GCM', kid: newest.kid, salt: salt.toString('base64url') };
      const first = Buffer.from(JSON.stringify(protect)).toString('base64url');
      const cipher = createCipheriv('aes-256-gcm', keyOf(newest.secret, purpose, salt), iv).setAAD(Buffer.from(first));
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return [first, '', ...[iv, sealed, cipher.getAuthTag()].map((bytes) => bytes.toString('base64url'))].join('.');
    },

    decrypt(purpose, jwe) {
      const [first = '', encrypted, ...rest] = jwe.split('.', 6);
      const header = readJwtPart(first);
      const [iv, sealed, tag, ...more] = rest.map(readBytes);
      if (header === undefined || encrypted !== '' || iv?.length !== IV_BYTES || sealed === undefined || tag?.length !== TAG_BYTES)
        return undefined;
      const { alg, enc, kid, salt } = header;
      const secret = typeof kid === 'string' ? byKid.get(kid) : undefined;
      const saltBytes = typeof salt === 'string' ? readBytes(salt) : undefined;
      const isOurs = alg === 'dir' && enc === 'A256GCM' && !('zip' in header) && !('crit' in header) && more.length === 0;
      if (!isOurs || secret === undefined || saltBytes?.length !== SALT_BYTES) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', keyOf(secret, purpose, saltBytes), iv)
        .setAAD(Buffer.from(first))
        .setAuthTag(tag);
      try {
        return { header, plain: Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8') };
      } catch {
        return undefined;
      }
    },

    hashes(purpose, text) {
      const hash = ({ secret }: EdgeSecret): string =>
        createHmac('sha256', keyOf(secret, purpose, EMPTY))
          .update(text)
          .digest('base64url');
      return [hash(newest), ...older.map(hash)];
    },
  };
}

const MAX_SECRETS = 8;
const SALT_BYTES = 32;
const TAG_BYTES = 16;
const IV_BYTES = 12;
const EMPTY = new Uint8Array(0);
/** Each sealing has a key of its own, made of its salt: however many there are, no nonce stands twice under one key. */
const NONCE = new Uint8Array(12);

function keyOf(secret: Uint8Array, purpose: Purpose, salt: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, `hufu edge ${purpose}`, 32));
}

/** One text for some bytes: another spelling of them is none. */
function readBytes(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
