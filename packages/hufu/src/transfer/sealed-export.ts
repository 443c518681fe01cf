import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { RefusedError, UsageError } from '../command.ts';

export const MIN_PASSPHRASE = 12;

const FORMAT = 'hufu sealed export 1';
/** RFC 7914 §2: 128 MiB for each guess. */
const COST = { N: 131_072, r: 8, p: 1, maxmem: 256 * 1_048_576 } as const;
const derive: (password: string, salt: Buffer, length: number, options: typeof COST) => Promise<Buffer> = promisify(scrypt);

/** Encrypts a text under a passphrase: scrypt (RFC 7914) and AES-256-GCM. Throws `UsageError` for a passphrase of less than 12 characters. */
export async function sealExport(text: string, passphrase: string): Promise<string> {
  requirePassphrase(passphrase);
  const salt = randomBytes(16);
  const iv = randomBytes(12);
  const head = { format: FORMAT, salt: salt.toString('base64url'), iv: iv.toString('base64url') };
  const cipher = createCipheriv('aes-256-gcm', await derive(passphrase.normalize('NFC'), salt, 32, COST), iv);
  cipher.setAAD(Buffer.from(JSON.stringify(head)));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${JSON.stringify({ ...head, data: sealed.toString('base64url') })}\n`;
}

/** Whether a parsed file is one of `sealExport`. */
export function isSealed(value: unknown): boolean {
  return Object(value)['format'] === FORMAT;
}

/** Throws `RefusedError` where the passphrase is another one, or the file was changed. */
export async function openExport(value: unknown, passphrase: string): Promise<string> {
  const { format, salt, iv, data }: Readonly<Record<string, unknown>> = Object(value);
  if (format !== FORMAT || typeof salt !== 'string' || typeof iv !== 'string' || typeof data !== 'string')
    throw new RefusedError('this is no sealed export of this version');
  requirePassphrase(passphrase);
  const bytes = Buffer.from(data, 'base64url');
  const [nonce, key] = [Buffer.from(iv, 'base64url'), await derive(passphrase.normalize('NFC'), Buffer.from(salt, 'base64url'), 32, COST)];
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
    decipher.setAAD(Buffer.from(JSON.stringify({ format, salt, iv })));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString('utf8');
  } catch {
    throw new RefusedError('the passphrase is another one, or the file has been changed');
  }
}

function requirePassphrase(passphrase: string): void {
  if ([...passphrase].length < MIN_PASSPHRASE) throw new UsageError(`a passphrase has ${MIN_PASSPHRASE} characters at least`);
}
