import type { VerificationKey } from '@hufu/resource/key-set';
import { type PassportIntrospector, passportIntrospector } from '@hufu/resource/passport';
import { makeKey, type TestKey } from '@hufu/resource/testing/issuer';
import type { PassportService, PassportSettings } from '../passport/settings.ts';

export const EDGE = 'https://edge.example';
export const SERVICE_KEY: TestKey = makeKey('ES256', 'notes-1');

/** A secret of one byte, 32 times. */
export function secretOf(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

/** The service `notes` of the upstream of that name. */
export function notesService(changes: Partial<PassportService> = {}): PassportService {
  return { name: 'notes', upstreams: ['notes'], ...changes };
}

/** A test's key, as a configuration has its public half. */
export function publicKeyOf({ kid, alg, publicKey }: TestKey): VerificationKey {
  return { kid, alg, key: publicKey, text: kid };
}

export function settingsOf(changes: Partial<PassportSettings> = {}): PassportSettings {
  return { edge: EDGE, secrets: [secretOf(1)], ...changes };
}

/** A service that gets its keys as they are, without a socket. */
export function introspectorOf(jwks: () => unknown, nowMs: () => number, service = 'notes'): PassportIntrospector {
  const fetch = async (): Promise<Response> => Response.json(jwks());
  return passportIntrospector({ edge: EDGE, service, jwksUri: `${EDGE}/edge/passport/jwks`, fetch, nowMs });
}
