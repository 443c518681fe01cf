/**
 * Branded identifiers. They are made here and nowhere else, so that a number that was never checked
 * cannot stand where an id is due.
 */

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** The organisation a row belongs to. 1 is the default tenant. */
export type TenantId = Brand<number, 'TenantId'>;
/** A grant, counted per tenant from 1. Never shown outside: see `tally-id.ts` for the permuted form. */
export type GrantId = Brand<number, 'GrantId'>;
/** A user, counted per tenant from 1. Outside, users are known by their subject identifier. */
export type UserId = Brand<number, 'UserId'>;
/** A browser session, counted per tenant from 1. */
export type SessionId = Brand<number, 'SessionId'>;
/** `client_id` (RFC 6749 §2.2), chosen by the configuration or by registration. */
export type ClientId = Brand<string, 'ClientId'>;

/** Ids travel in 48 bits inside a credential. */
export const MAX_ID: number = 2 ** 48 - 1;

function readId(value: number, name: string): number {
  if (!Number.isSafeInteger(value) || value < 1 || value > MAX_ID) throw new TypeError(`not a ${name}: ${value}`);
  return value;
}

export function tenantId(value: number): TenantId {
  return readId(value, 'tenant id') as TenantId;
}
export function grantId(value: number): GrantId {
  return readId(value, 'grant id') as GrantId;
}
export function userId(value: number): UserId {
  return readId(value, 'user id') as UserId;
}
export function sessionId(value: number): SessionId {
  return readId(value, 'session id') as SessionId;
}

/** RFC 6749 appendix A.1: `client_id` is made of visible ASCII; 1 to 255 characters here. */
export function isClientId(value: string): value is ClientId {
  return value.length > 0 && value.length <= 255 && /^[\x21-\x7e]+$/.test(value);
}
export function clientId(value: string): ClientId {
  if (!isClientId(value)) throw new TypeError('not a client id');
  return value;
}
