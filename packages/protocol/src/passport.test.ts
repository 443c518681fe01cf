import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  PASSPORT_ACTIONS,
  type PassportContents,
  type PassportStatement,
  type PassportUser,
  readPassport,
  readStatement,
  writePassport,
  writeStatement,
} from './passport.ts';

/** As objects of ours are. */
function record<T extends object>(members: { readonly [Name in keyof T]: fc.Arbitrary<T[Name]> }): fc.Arbitrary<T> {
  return fc.record<T>(members, { noNullPrototype: true });
}

const text = fc.string({ minLength: 1 });
const maybe = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(one, { nil: undefined });
const level = fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const);
const time = fc.nat(4_000_000_000);
const client = record({
  issuer: text,
  subject: text,
  tenant: maybe(text),
  clientId: fc.string(),
  scopes: fc.array(fc.stringMatching(/^[a-z:]{1,8}$/)),
  source: text,
  level,
});
const user: fc.Arbitrary<PassportUser> = fc
  .tuple(client, record({ authTime: maybe(time), acr: maybe(text), amr: maybe(fc.array(text)), sessionId: maybe(text) }))
  .map(([one, more]) => ({ ...one, ...more }));
const contents: fc.Arbitrary<PassportContents> = record({
  issuer: text,
  audience: text,
  id: text,
  issuedAt: time,
  expiresAt: time,
  who: fc.oneof(
    user.map((one) => ({ user: one, client: undefined })),
    client.map((one) => ({ user: undefined, client: one })),
  ),
  device: maybe(record({ id: text, type: maybe(text), source: text, level })),
  level,
  actor: maybe(record({ sub: text })),
  isLenient: fc.boolean(),
}).map(({ who, ...rest }) => ({ ...rest, ...who }));

test('what is written of a Passport is read again, after it was JSON', () => {
  fc.assert(
    fc.property(contents, (one) => {
      const claims = { ...writePassport(one), jti: one.id, iat: one.issuedAt, exp: one.expiresAt };
      assert.deepEqual(readPassport(JSON.parse(JSON.stringify(claims))), one);
    }),
  );
});

test('a Passport of which a claim is another kind of thing is none, and one with more claims is the same', () => {
  fc.assert(
    fc.property(
      contents,
      fc.constantFrom('v', 'iss', 'aud', 'jti', 'iat', 'exp', 'level'),
      fc.constantFrom(null, true, [], {}),
      (one, name, wrong) => {
        const claims = { ...writePassport(one), jti: one.id, iat: one.issuedAt, exp: one.expiresAt };
        assert.equal(readPassport({ ...claims, [name]: wrong }), undefined);
        assert.deepEqual(readPassport({ ...claims, later: wrong }), one);
      },
    ),
  );
});

test('what is written of a statement is read again, and is no Passport', () => {
  const statement: fc.Arbitrary<PassportStatement> = record({
    issuer: text,
    audience: text,
    id: text,
    issuedAt: time,
    expiresAt: time,
    passportId: text,
    action: fc.constantFrom(...PASSPORT_ACTIONS),
    subject: text,
    level: maybe(level),
  });
  fc.assert(
    fc.property(statement, (one) => {
      const claims: Readonly<Record<string, unknown>> = JSON.parse(JSON.stringify(writeStatement(one)));
      assert.deepEqual(readStatement(claims), one);
      assert.equal(readPassport(claims), undefined);
    }),
  );
});
