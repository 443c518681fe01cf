import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A certificate of a test's own and its key. */
export interface MadeCertificate {
  /** PEM. */
  readonly cert: string;
  readonly der: Buffer;
  /** PEM, PKCS #8. */
  readonly key: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly subject: Subject;
}

/** Relative distinguished names, the first one first, as they stand in a certificate: `[['O', 'Example'], ['CN', 'client']]`. */
export type Subject = readonly (readonly [type: string, value: string])[];

export interface CertificateOptions {
  readonly subject: Subject;
  /** Who signs it; itself by default. */
  readonly issuer?: MadeCertificate;
  readonly altNames?: readonly (readonly [kind: 'dns' | 'uri' | 'email' | 'ip', value: string])[];
  readonly isAuthority?: boolean;
  /** Object identifiers, dotted. */
  readonly usages?: readonly string[];
  /** `YYMMDDHHMMSSZ`. */
  readonly from?: string;
  readonly until?: string;
}

/** For TLS clients (RFC 5280 §4.2.1.12). */
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
/** For TLS servers. */
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/**
 * A certificate with a fresh P-256 key, good from 2020 to 2049 unless something else is said. Written by hand: Node makes keys but no
 * certificates, and a key in the repository would be one more thing that scanners find.
 */
export function makeCertificate(options: CertificateOptions): MadeCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { subject, issuer, from = '200101000000Z', until = '491231235959Z' } = options;
  const algorithm = sequence(oid(ECDSA_SHA256));
  const extensions = extensionsOf(options);
  serial += 1;
  const body = sequence(
    tagged(0xa0, integer(2)),
    integer(serial),
    algorithm,
    nameOf(issuer?.subject ?? subject),
    sequence(tagged(0x17, Buffer.from(from)), tagged(0x17, Buffer.from(until))),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [tagged(0xa3, sequence(...extensions))]),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, issuer?.privateKey ?? privateKey)]);
  const der = sequence(body, algorithm, tagged(0x03, signature));
  const lines = der.toString('base64').replace(/.{1,64}/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`,
    der,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    privateKey,
    publicKey,
    subject,
  };
}

let serial = 0;

const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const SUBJECT_ALT_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const EXTENDED_KEY_USAGE = '2.5.29.37';

const TYPES: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  L: '2.5.4.7',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  emailAddress: '1.2.840.113549.1.9.1',
};
const ALT_TAGS = { email: 0x81, dns: 0x82, uri: 0x86, ip: 0x87 } as const;

function extensionsOf({ altNames = [], isAuthority = false, usages = [] }: CertificateOptions): readonly Buffer[] {
  const extensions: Buffer[] = [];
  if (isAuthority) extensions.push(extension(BASIC_CONSTRAINTS, sequence(tagged(0x01, Buffer.from([0xff])))));
  if (usages.length > 0) extensions.push(extension(EXTENDED_KEY_USAGE, sequence(...usages.map(oid))));
  if (altNames.length > 0) {
    const names = altNames.map(([kind, value]) => tagged(ALT_TAGS[kind], kind === 'ip' ? ipBytes(value) : Buffer.from(value)));
    extensions.push(extension(SUBJECT_ALT_NAME, sequence(...names)));
  }
  return extensions;
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), tagged(0x04, value));
}

/** Four or, written without `::`, sixteen bytes. */
function ipBytes(text: string): Buffer {
  if (text.includes('.')) return Buffer.from(text.split('.').map(Number));
  return Buffer.concat(text.split(':').map((group) => Buffer.from(group.padStart(4, '0'), 'hex')));
}

function nameOf(subject: Subject): Buffer {
  return sequence(...subject.map(([type, value]) => tagged(0x31, sequence(oid(TYPES[type] ?? type), tagged(0x0c, Buffer.from(value))))));
}

/** DER: tag, length, value. */
function tagged(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function integer(value: number): Buffer {
  return tagged(0x02, Buffer.from(value < 0x80 ? [value] : [value >> 8, value & 0xff]));
}

/** Seven bits a byte, the last one without the highest. */
function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return tagged(0x06, Buffer.from(bytes));
}
