import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FieldClaim, readClaim } from './editable-claims.ts';

const CASES: readonly (readonly [claim: FieldClaim, typed: string, read: string])[] = [
  ['name', '  Mei   Lin ', 'Mei Lin'],
  ['name', '', ''],
  ['name', 'é', 'é'],
  ['name', 'نام\u200cخانوادگی', 'نام\u200cخانوادگی'],
  ['name', '\u202eevil', 'characters'],
  ['name', 'a\u0000b', 'characters'],
  ['name', 'x'.repeat(101), 'too_long'],
  ['name', 'x'.repeat(10_000), 'too_long'],
  ['website', 'https://mei.example/page?a=b#c', 'https://mei.example/page?a=b#c'],
  ['website', 'http://mei.example/', 'not_an_address'],
  ['website', 'javascript:alert(1)', 'not_an_address'],
  ['picture', 'data:image/png;base64,AAAA', 'not_an_address'],
  ['picture', 'https://user:word@mei.example/', 'not_an_address'],
  ['picture', 'https://mei.example\\@evil.example/', 'not_an_address'],
  ['profile', 'https://mei.example/ x', 'not_an_address'],
  ['birthdate', '1990-12-31', '1990-12-31'],
  ['birthdate', '0000-02-29', '0000-02-29'],
  ['birthdate', '1990', '1990'],
  ['birthdate', '1990-02-30', 'not_a_date'],
  ['birthdate', '31.12.1990', 'not_a_date'],
  ['birthdate', '0001-01-01', 'not_a_date'],
  ['phone_number', '+86 138 0000-0000', '+8613800000000'],
  ['phone_number', '(0043) 1', 'not_a_number'],
  ['phone_number', '+0123456789', 'not_a_number'],
  ['zoneinfo', 'Europe/Vienna', 'Europe/Vienna'],
  ['zoneinfo', 'Mars/Olympus', 'not_listed'],
  ['locale', 'zh-CN', 'zh-CN'],
  ['locale', 'de', 'de'],
  ['locale', 'zh_CN"', 'not_listed'],
];

for (const [claim, typed, expected] of CASES) {
  test(`${claim}: ${JSON.stringify(typed.slice(0, 30))} is read as ${JSON.stringify(expected)} (OpenID Connect Core §5.1)`, () => {
    const read = readClaim(claim, typed);
    assert.equal(read.kind === 'value' ? read.value : read.fault, expected);
  });
}

test('parts of a postal address are words like names (OpenID Connect Core §5.1.1)', () => {
  assert.deepEqual(readClaim('street_address', 'Tally Road 2'), { kind: 'value', value: 'Tally Road 2' });
  assert.deepEqual(readClaim('country', '\u200f'), { kind: 'fault', fault: 'characters' });
});
