/**
 * Time-based one-time passwords (RFC 6238) as every authenticator app knows them: HMAC-SHA-1, six digits, thirty seconds. Nothing here reads a clock or makes a secret, and
 * whoever calls it brings the HMAC.
 */
export const TOTP_SECONDS = 30;
export const TOTP_DIGITS = 6;
/** 160 bits, the length of the hash (RFC 4226 §4). */
export const TOTP_SECRET_BYTES = 20;

/** HMAC-SHA-1 of a message under the shared secret: 20 bytes. */
export type TotpMac = (message: Uint8Array) => Uint8Array;

/** The number of the time step (RFC 6238 §4.2). @param now seconds since 1970 */
export function timeStep(now: number): number {
  return Math.floor(now / TOTP_SECONDS);
}

/** The code of a step (RFC 4226 §5.3): the dynamic truncation of the HMAC of the counter. */
export function totpCode(mac: TotpMac, step: number): string {
  const message = new Uint8Array(8);
  const view = new DataView(message.buffer);
  view.setUint32(0, Math.floor(step / 2 ** 32));
  view.setUint32(4, step % 2 ** 32);
  const bytes = mac(message);
  const offset = (bytes[bytes.length - 1] ?? 0) & 0xf;
  const value = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset) & 0x7fffffff;
  return String(value % 10 ** TOTP_DIGITS).padStart(TOTP_DIGITS, '0');
}

/**
 * Steps whose codes are taken (RFC 6238 §5.2): the present one, one before for whoever types slowly, and one after for a phone whose clock is ahead; so a clock may be
 * off by 30 seconds at least and by 59 at most. Never one that is not after the last that was accepted.
 */
export function openSteps(now: number, lastStep: number): readonly number[] {
  const step = timeStep(now);
  return [step, step - 1, step + 1].filter((one) => one > lastStep);
}

/** What was typed as a code: six digits of any script, with whatever spaces and dashes apps put between them. */
export function readTotpCode(text: string): string | undefined {
  if (text.length > MAX_TYPED) return undefined;
  const digits = text.normalize('NFKC').replace(/[\s-]/gu, '');
  return /^[0-9]{6}$/.test(digits) ? digits : undefined;
}

const MAX_TYPED = 32;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 §6 without padding, as apps take it. */
export function writeBase32(bytes: Uint8Array): string {
  let text = '';
  let value = 0;
  let bits = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(value >>> bits) & 31] ?? '';
    }
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + (BASE32[(value << (5 - bits)) & 31] ?? '');
}

/**
 * The address that an app reads out of a QR code: no standard, but a convention that all of them keep. The parameters are the ones that an app assumes anyway, left out since
 * some refuse what they don't expect.
 *
 * @param secret as `writeBase32` writes it
 */
export function otpauthUri({
  issuer,
  account,
  secret,
}: {
  readonly issuer: string;
  readonly account: string;
  readonly secret: string;
}): string {
  // A colon would end the issuer.
  const label = [issuer, account].map((part) => encodeURIComponent(part.replaceAll(':', ' ').toWellFormed())).join(':');
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(issuer.replaceAll(':', ' ').toWellFormed())}`;
}
