import assert from 'node:assert/strict';
import { isObject, type Json } from './json.ts';

/** What each scope releases (OpenID Connect Core §5.4). Written down anew: the product's own table is what is tested. */
export const SCOPE_CLAIMS: Readonly<Record<string, readonly string[]>> = {
  openid: ['sub'],
  profile: (
    'name given_name family_name middle_name nickname profile picture website gender birthdate ' +
    'zoneinfo locale updated_at preferred_username'
  ).split(' '),
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
  offline_access: [],
};

const FLAGS: readonly string[] = ['email_verified', 'phone_number_verified'];
const ADDRESS: readonly string[] = ['formatted', 'street_address', 'locality', 'region', 'postal_code', 'country'];
const OF_PEOPLE: readonly string[] = Object.values(SCOPE_CLAIMS).flat();

/** The standard claims that stand there have their types (OpenID Connect Core §5.1). */
export function checkStandardClaims(claims: Json, where: string): void {
  for (const [name, value] of Object.entries(claims)) {
    assert.ok(value !== null && value !== '', `${where}: ${name} has no value`);
    if (!OF_PEOPLE.includes(name)) continue;
    if (name === 'address') checkAddress(value, where);
    else if (name === 'birthdate') assert.match(String(value), /^\d{4}(?:-\d{2}-\d{2})?$/, `${where}: birthdate`);
    else if (name === 'updated_at') checkUpdatedAt(value, where);
    else if (FLAGS.includes(name)) assert.equal(typeof value, 'boolean', `${where}: ${name} is no boolean`);
    else assert.equal(typeof value, 'string', `${where}: ${name} is no text`);
  }
}

/** Claims that the scopes release and that are not there. */
export function missingClaims(claims: Json, scope: string): readonly string[] {
  const due = scope.split(' ').flatMap((name) => SCOPE_CLAIMS[name] ?? []);
  return due.filter((name) => claims[name] === undefined);
}

function checkAddress(value: unknown, where: string): void {
  assert.ok(isObject(value) && Object.keys(value).length > 0, `${where}: address is no object`);
  for (const name of ADDRESS)
    assert.ok(value[name] === undefined || typeof value[name] === 'string', `${where}: address.${name} is no text`);
}

/** Seconds, not milliseconds, and not in the future. */
function checkUpdatedAt(value: unknown, where: string): void {
  assert.ok(
    typeof value === 'number' && value > 0 && value < 10_000_000_000,
    `${where}: updated_at is no number of seconds: ${String(value)}`,
  );
}
