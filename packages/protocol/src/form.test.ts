import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OAuthError } from './errors.ts';
import { Form, readForm, readFormPart, readQuery, writeForm } from './form.ts';

/** Any code points, half of them ASCII; also lone surrogates. */
const anyText = fc.array(fc.oneof(fc.nat(0x7f), fc.nat(0x10ffff)), { maxLength: 60 }).map((codes) => String.fromCodePoint(...codes));
const refusal = (description: RegExp | string) => (error: unknown) => {
  assert.ok(error instanceof OAuthError);
  assert.equal(error.code, 'invalid_request');
  if (typeof description === 'string') assert.equal(error.description, description);
  else assert.match(error.description, description);
  return true;
};
const REPEATED = /is repeated$/;
const MALFORMED = 'a parameter is not well-formed';
const wellFormed = anyText.map((text) => text.toWellFormed());

test('a form is read as RFC 6749 appendix B writes it: the specification’s own example', () => {
  // RFC 6749 appendix B: the six code points SP % & + POUND EURO
  const form = readForm('a=%20%25%26%2B%C2%A3%E2%82%AC&b=+%25%26%2B%c2%a3%e2%82%ac');
  assert.equal(form.get('a'), ' %&+£€');
  assert.equal(form.get('b'), ' %&+£€');
});

test('entries are all that has a value, each as it stands', () => {
  assert.deepEqual(readForm('resource=a&empty=&scope=x+y&resource=b').entries(), [
    ['resource', 'a'],
    ['scope', 'x y'],
    ['resource', 'b'],
  ]);
});

test('a parameter without a value is as if it had not been sent (RFC 6749 §3.1)', () => {
  const form = readForm('scope=&state&=&&nonce=n');
  assert.deepEqual(form.names(), ['nonce']);
  assert.equal(form.get('scope'), undefined);
  assert.equal(form.has('state'), false);
  assert.deepEqual(form.many('scope'), []);
  assert.equal(readForm('scope=&scope=openid').get('scope'), 'openid');
});

test('only the first = parts a name from its value', () => {
  const form = readForm('code=a=b==&x==');
  assert.equal(form.get('code'), 'a=b==');
  assert.equal(form.get('x'), '=');
});

test('a repeated parameter is invalid_request and is named, if it is one of ours (RFC 6749 §3.2)', () => {
  assert.throws(() => readForm('code=a&grant_type=b&code=a'), refusal('the parameter code is repeated'));
  assert.throws(() => readForm('evil%3Cscript=a&evil%3Cscript=b'), refusal('a parameter is repeated'));
  assert.throws(() => readForm('__proto__=a&__proto__=b'), refusal('a parameter is repeated'));
});

test('a repeated parameter is seen whatever its spelling (RFC 6749 §3.2)', () => {
  assert.throws(() => readForm('client_id=a&client%5Fid=b'), refusal('the parameter client_id is repeated'));
  assert.throws(() => readForm('client%5fid=a&%63lient_id=b'), refusal('the parameter client_id is repeated'));
});

test('resource and audience may repeat (RFC 8707 §2, RFC 8693 §2.1); another list can be handed in', () => {
  const form = readForm('resource=https://a.example&audience=x&resource=https://b.example&audience=y');
  assert.deepEqual(form.many('resource'), ['https://a.example', 'https://b.example']);
  assert.deepEqual(form.many('audience'), ['x', 'y']);
  assert.equal(form.get('resource'), undefined);
  assert.throws(() => form.one('resource'), refusal('the parameter resource is repeated'));
  assert.equal(form.one('absent'), undefined);
  assert.equal(readForm('resource=a').one('resource'), 'a');
  assert.throws(() => readForm('resource=a&resource=b', { repeatable: [] }), refusal(REPEATED));
});

test('listed instead of refused, a repeated parameter has no value (RFC 6749 §3.1, §4.1.2.1)', () => {
  const form = readQuery('client_id=a&state=1&state=2&state=3&redirect_uri=r&resource=x&resource=y', { repetition: 'listed' });
  assert.deepEqual(form.repeated, ['state']);
  assert.equal(form.get('state'), undefined);
  assert.equal(form.has('state'), true);
  assert.deepEqual(form.many('state'), ['1', '2', '3']);
  assert.equal(form.get('client_id'), 'a');
  assert.deepEqual(readForm('a=1').repeated, []);
});

test('listed instead of refused, a malformed parameter has no value, and the others keep theirs (RFC 6749 §3.1, §4.1.2.1)', () => {
  const form = readQuery('client_id=a&state=%FF&scope=x%zz&%ff=1&nonce=n&nonce=%&raw=\u00e9', {
    repetition: 'listed',
    malformed: 'listed',
  });
  assert.deepEqual(form.malformed, ['state', 'scope', '', 'nonce', 'raw']);
  assert.equal(form.get('client_id'), 'a');
  for (const name of ['state', 'scope', 'nonce', 'raw']) assert.equal(form.get(name), undefined, name);
  assert.deepEqual(readForm('a=\ufffd&b=%EF%BF%BD&c=\u00e9', { malformed: 'listed' }).malformed, ['a']);
  assert.deepEqual(readForm('a=1').malformed, []);
});

test('malformed escapes and invalid UTF-8 are invalid_request (RFC 6749 appendix B)', () => {
  const escapes = [
    '%',
    '%4',
    '%zz',
    '%4g',
    '%u0041',
    '%%34',
    '%FF',
    '%C3',
    '%C3%28',
    '%C0%80',
    '%E0%80%AF',
    '%ED%A0%80',
    '%F4%90%80%80',
    '%+1',
    '% 1',
    '%-1',
  ];
  for (const escape of escapes) {
    assert.throws(() => readForm(`a=${escape}`), refusal(MALFORMED), escape);
    assert.throws(() => readForm(`${escape}=a`), refusal(MALFORMED), escape);
    assert.throws(() => readForm(`a=${escape}&b=41`), refusal(MALFORMED), escape);
    assert.throws(() => readFormPart(escape), refusal(MALFORMED), escape);
  }
  assert.throws(() => readForm('a=\ufffd'), refusal(MALFORMED));
  assert.equal(readForm('a=%EF%BF%BD').get('a'), '\ufffd');
});

test('control characters are for whoever reads the value, NUL too', () => {
  assert.equal(readForm('password=a%00b%0D%0Ac%1b').get('password'), 'a\0b\r\nc\x1b');
});

test('a body may hold raw UTF-8, a query may not (RFC 3986 §2)', () => {
  assert.equal(readForm('username=张三').get('username'), '张三');
  for (const raw of ['é', '张', ' ', '\n', '\0', '\x7f']) assert.throws(() => readQuery(`a=${raw}`), refusal(MALFORMED));
  assert.equal(readQuery('state=%E5%BC%A0').get('state'), '张');
});

test('at most 64 parameters, or as many as is said; those without a value count', () => {
  const many = (count: number) => Array.from({ length: count }, (_, at) => `p${at}=`).join('&');
  assert.deepEqual(readForm(many(64)).names(), []);
  assert.throws(() => readForm(many(65)), refusal('too many parameters'));
  assert.throws(() => readForm('a=1&b=2', { maxParameters: 1 }), refusal('too many parameters'));
  assert.equal(readForm('&'.repeat(65_536)).has(''), false);
});

test('names of the prototype are names like others', () => {
  const form = readForm('__proto__=1&constructor=2&toString=3&__proto__[x]=4&constructor[prototype][x]=5');
  assert.equal(form.get('__proto__'), '1');
  assert.equal(form.get('constructor'), '2');
  assert.equal(form.get('valueOf'), undefined);
  assert.equal(form.has('hasOwnProperty'), false);
  assert.equal(Object.hasOwn(Object.prototype, 'x'), false);
});

test('what is written is read again, whatever the characters (RFC 6749 appendix B)', () => {
  const pairs = fc.uniqueArray(
    fc.tuple(
      wellFormed,
      wellFormed.filter((value) => value !== ''),
    ),
    { selector: ([name]) => name, maxLength: 20 },
  );
  fc.assert(
    fc.property(pairs, (written) => {
      const text = writeForm(written);
      assert.match(text, /^[A-Za-z0-9\-._~%=&]*$/);
      const form = readQuery(text);
      assert.deepEqual(
        form.names(),
        written.map(([name]) => name),
      );
      for (const [name, value] of written) assert.equal(form.one(name), value);
    }),
  );
});

test('undefined is left out; an empty value stands; a lone surrogate is replaced', () => {
  assert.equal(
    writeForm([
      ['a', undefined],
      ['b', ''],
      ['c', '\ud800'],
      ["d!'()*", ' ~'],
    ]),
    'b=&c=%EF%BF%BD&d%21%27%28%29%2A=%20~',
  );
});

test('what is accepted is read as the platform’s URLSearchParams reads it', () => {
  const piece = fc.oneof(
    fc.constantFrom('&', '=', '+', '%', '%2', '%26', '%3D', '%C3%A9', '%c3', '%00', 'a', 'b', 'é', '\ufeff', '%EF%BB%BF', '%2B'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join('').toWellFormed();
      let form: Form;
      try {
        form = readForm(text, { repetition: 'listed' });
      } catch (error) {
        return refusal(/./)(error);
      }
      const expected = [...new URLSearchParams(`&${text}`)].filter(([, value]) => value !== '');
      assert.deepEqual(form.names(), [...new Set(expected.map(([name]) => name))]);
      for (const name of form.names())
        assert.deepEqual(
          form.many(name),
          expected.filter(([known]) => known === name).map(([, value]) => value),
        );
      return true;
    }),
    { numRuns: 500 },
  );
});

test('any text is read or is invalid_request; nothing else is thrown', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const read of [readForm, readQuery]) {
        try {
          assert.ok(read(text) instanceof Form);
        } catch (error) {
          refusal(/./)(error);
        }
      }
    }),
  );
});
