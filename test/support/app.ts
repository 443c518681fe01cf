import { createHmac } from 'node:crypto';
import { timeStep, totpCode } from '@hufu/protocol/totp';

/** An authenticator app with one secret, as a page shows it to be typed. */
export function app(base32: string): { code(now: number): string } {
  const bits = [...base32.replaceAll(' ', '')].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const secret = Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
  // `now` in seconds.
  return { code: (now) => totpCode((message) => createHmac('sha1', secret).update(message).digest(), timeStep(now)) };
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
