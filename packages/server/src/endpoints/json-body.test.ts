import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OAuthError } from '@hufu/protocol/errors';
import fc from 'fast-check';
import { requireJson } from './json-body.ts';

function read(body: string, type = 'application/json'): unknown {
  return requireJson({
    method: 'POST',
    path: '/',
    query: '',
    headers: { 'content-type': type },
    body,
    address: '192.0.2.1',
    nowMs: 0,
  });
}

function refusal(body: string, type?: string): string {
  try {
    read(body, type);
  } catch (error) {
    assert.ok(error instanceof OAuthError && error.code === 'invalid_request', String(error));
    return error.description;
  }
  return assert.fail(body.slice(0, 80));
}

test('the body is a JSON object in UTF-8, said to be one (RFC 8259 §2, §8.1)', () => {
  assert.deepEqual(read(' {"a":[1,{"b":"}{\\"[]"}]} '), { a: [1, { b: '}{"[]' }] });
  for (const type of ['application/json; charset=utf-8', 'APPLICATION/JSON;charset="UTF-8"']) assert.deepEqual(read('{}', type), {});
  for (const type of ['text/plain', 'application/jsonx', 'application/json; charset=utf-7'])
    assert.equal(refusal('{}', type), 'the body must be application/json');
  for (const body of ['[]', '"{}"', 'null', '1']) assert.equal(refusal(body), 'the body is not a JSON object');
  for (const body of ['', '{', '{"a"}', '{"a":1,}', '{"a":"\n"}', "{'a':1}"]) assert.equal(refusal(body), 'the body is not JSON');
});

test('a name that stands twice in one object is refused, however it is written (RFC 8259 §4, attacks HTP-08)', () => {
  for (const body of ['{"a":1,"a":1}', '{"a":1,"\\u0061" \n:2}', '{"x":[{"a":1,"b":{},"a":2}]}', '{"__proto__":1,"__proto__":2}'])
    assert.equal(refusal(body), 'the body names a member twice');
  for (const body of ['{"a":{"a":1},"b":["a","a"]}', '{"a":"a","b":"a"}', '{"a":"\\"a\\":","b":1}']) read(body);
});

test('what is deeper than anything expected is refused, and what is no JSON is never looked through (attacks HTP-08)', () => {
  const deep = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
  read(deep(16));
  assert.equal(refusal(deep(17)), 'the body is too deep');
  assert.equal(refusal(`{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`), 'the body is too deep');
  // Each quotation mark that nothing closes would be a beginning of its own for a pattern: a quadratic number of steps.
  for (const unit of ['"\\', '\\"', '"', '{"']) assert.equal(refusal(`{"a":1,"a":${unit.repeat(30_000)}`), 'the body is not JSON');
});

test('whatever JSON says, it is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
      const text = JSON.stringify(value, undefined, space);
      assert.deepEqual(read(text), JSON.parse(text));
    }),
  );
});
