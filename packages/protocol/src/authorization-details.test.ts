import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DetailRules, detailsAt, isSameDetail, locationsOf, readAuthorizationDetails } from './authorization-details.ts';
import { OAuthError } from './errors.ts';

const API = 'https://api.example/';

const RULES: DetailRules = {
  types: [
    {
      type: 'payment',
      description: { untagged: 'Pay', tagged: [] },
      fields: [
        { name: 'actions', label: undefined, required: true, value: { kind: 'texts', allowed: ['initiate', 'cancel'], max: 20 } },
        {
          name: 'amount',
          label: undefined,
          required: false,
          value: {
            kind: 'object',
            fields: [
              { name: 'currency', label: undefined, required: true, value: { kind: 'text', allowed: undefined, max: 3 } },
              { name: 'value', label: undefined, required: false, value: { kind: 'number' } },
            ],
          },
        },
        { name: 'instant', label: undefined, required: false, value: { kind: 'flag' } },
      ],
    },
    { type: 'other', description: { untagged: 'Other', tagged: [] }, fields: [] },
  ],
  allowed: ['payment'],
  isLocation: (uri) => uri === API,
};

function fault(details: unknown, rules = RULES): string {
  const text = typeof details === 'string' ? details : JSON.stringify(details);
  try {
    readAuthorizationDetails(text, rules);
  } catch (error) {
    assert.ok(error instanceof OAuthError);
    assert.equal(error.code, 'invalid_authorization_details');
    assert.equal(error.description, 'the authorization details are not valid', 'nothing of a stranger is echoed');
    return error.detail ?? '';
  }
  return '';
}

const GOOD = { type: 'payment', actions: ['initiate'] };

test('what is known to the last member is read as it was written (RFC 9396 §2, §2.1, §2.2)', () => {
  const full = { ...GOOD, locations: [API], amount: { currency: 'EUR', value: 12.5 }, instant: false };
  assert.deepEqual(readAuthorizationDetails(JSON.stringify([GOOD, full]), RULES), [GOOD, full]);
  assert.deepEqual(readAuthorizationDetails(undefined, RULES), []);
});

test('everything else is refused: nobody can agree to what cannot be shown (RFC 9396 §5, §12, attacks AUT-41)', () => {
  const bad: readonly (readonly [unknown, string])[] = [
    ['{', 'is not JSON'],
    [[], 'is not a list of objects'],
    [{}, 'is not a list of objects'],
    [null, 'is not a list of objects'],
    [[GOOD, 7], '[1] is not an object'],
    [[{}], '[0].type is missing'],
    [[{ type: 'x' }], '[0].type is not known'],
    [[{ type: ['payment'] }], '[0].type is not known'],
    [[{ type: 'other' }], '[0].type is not one that the client may ask for'],
    [[{ ...GOOD, more: 1 }], '[0].more is not known'],
    ['[{"type":"payment","actions":["initiate"],"__proto__":{}}]', '[0].__proto__ is not known'],
    [[{ type: 'payment' }], '[0].actions is missing'],
    [[{ ...GOOD, actions: ['steal'] }], '[0].actions[0] is not one of initiate, cancel'],
    [[{ ...GOOD, actions: 'initiate' }], '[0].actions is not a list'],
    [[{ ...GOOD, instant: 'yes' }], '[0].instant is neither true nor false'],
    [[{ ...GOOD, instant: null }], '[0].instant is neither true nor false'],
    [[{ ...GOOD, amount: 7 }], '[0].amount is not an object'],
    [[{ ...GOOD, amount: {} }], '[0].amount.currency is missing'],
    [[{ ...GOOD, amount: { currency: 'EURO' } }], '[0].amount.currency is longer than 3 characters'],
    [[{ ...GOOD, amount: { currency: '\u202e' } }], '[0].amount.currency has a control, direction or invisible character'],
    [[{ ...GOOD, amount: { currency: 'EUR', value: '1' } }], '[0].amount.value is not a number'],
    [[{ ...GOOD, amount: { currency: 'EUR', cents: 1 } }], '[0].amount.cents is not known'],
    [[{ ...GOOD, locations: ['https://evil.example/'] }], '[0].locations[0] is not a resource of this server'],
    [[{ ...GOOD, locations: [] }], '[0].locations is empty'],
    [Array.from({ length: 17 }, () => GOOD), 'has more than 16 entries'],
    [`[${' '.repeat(8_192)}]`, 'is longer than 8192 characters'],
  ];
  for (const [details, why] of bad) assert.equal(fault(details), why, JSON.stringify(details).slice(0, 100));
  assert.equal(fault([{ type: 'other' }], { ...RULES, allowed: undefined }), '');
});

test('a token carries the entries that are for its resource (RFC 9396 §6.1)', () => {
  const [any, here, there] = [{ type: 'a' }, { type: 'b', locations: [API] }, { type: 'c', locations: ['urn:x'] }] as const;
  assert.deepEqual(detailsAt([any, here, there], API), [any, here]);
  assert.deepEqual(locationsOf(there), ['urn:x']);
  assert.deepEqual(locationsOf({ type: 'a', locations: 'urn:x' }), []);
});

test('two entries are the same whatever the order of their members, and in nothing else (RFC 9396 §6)', () => {
  assert.ok(isSameDetail({ a: 1, b: [1, { c: 'x' }] }, { b: [1, { c: 'x' }], a: 1 }));
  for (const [one, other] of [
    [{ a: 1 }, { a: 1, b: undefined }],
    [{ a: 1 }, { b: 1 }],
    [{ a: [1, 2] }, { a: [2, 1] }],
    [[1], { 0: 1 }],
    [{ a: null }, { a: {} }],
    [{ a: 1 }, { a: '1' }],
    [{}, { toString: 1 }],
  ])
    assert.equal(isSameDetail(one, other), false, JSON.stringify([one, other]));
  fc.assert(fc.property(fc.jsonValue(), (value) => isSameDetail(value, JSON.parse(JSON.stringify(value)))));
});

test('whatever comes, it is read or refused, never anything else (RFC 9396 §5)', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void fault(text)));
});
