import assert from 'node:assert/strict';
import { parse } from 'node:querystring';
import { test } from 'node:test';
import { DPOP } from './contract.ts';
import { newEcKey, thumbprintOf } from './jwk.ts';
import type { Plan } from './load/plan.ts';
import { RequestWriter } from './load/request-writer.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import type { Credential, Running } from './subject.ts';
import { CONNECTIONS, planFor, signingKeys } from './work-plan.ts';

const clientKey = newEcKey('client');

const running: Running = {
  pid: 1,
  port: 1,
  issuer: 'http://h.example',
  paths: {
    authorization: '/authorize',
    token: '/token',
    introspection: '/introspect',
    userinfo: '/me',
    jwks: '/jwks',
    discovery: '/discovery',
    pushedRequest: '/par',
    deviceAuthorization: '/device',
  },
  keys: [],
  subjects: ['alice'],
  credentials: () => Promise.resolve([]),
  confirm: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};

function scenarioOf(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  assert.ok(found);
  return found;
}

function planOf(name: string, credentials: readonly Credential[], server: Running = running): Plan {
  return planFor(scenarioOf(name), server, credentials, 0, 0);
}

/** The body of one request. */
function bodyOf(plan: Plan, credential: string): NodeJS.Dict<string | string[]> {
  return parse(new RequestWriter(plan.request, 'h').write(credential).split('\r\n\r\n')[1] ?? '');
}

test('each connection proves with a key of its own, for the token endpoint as the server names it (RFC 9449 §4.2)', () => {
  const keys = signingKeys(scenarioOf('dpop_token').work, clientKey);
  assert.equal(new Set(keys.map(({ value }) => value)).size, CONNECTIONS);
  const plan = planOf('dpop_token', keys);
  assert.equal(plan.use, 'sign');
  assert.deepEqual(plan.signs, { kind: 'dpop_proof', method: 'POST', url: 'http://h.example/token' });
  assert.ok(new RequestWriter(plan.request, 'h').write('the.pro.of').includes('\r\nDPoP: the.pro.of\r\n'));
  const { expect } = plan;
  assert.ok(expect.kind === 'token' && expect.clientId === DPOP.id);
  assert.deepEqual(
    expect.boundTo,
    plan.credentials.map((key) => thumbprintOf(JSON.parse(key))),
  );
});

test('a client that signs has one key, and no secret is sent (RFC 7523 §2.2)', () => {
  const keys = signingKeys(scenarioOf('private_key_jwt_token').work, clientKey);
  assert.deepEqual(keys, [{ value: JSON.stringify(clientKey), subject: thumbprintOf(clientKey) }]);
  const plan = planOf('private_key_jwt_token', keys);
  assert.equal(plan.use, 'sign');
  assert.ok(!plan.request.headers.some((line) => line.startsWith('Authorization')));
  assert.equal(bodyOf(plan, 'the.asser.tion')['client_assertion'], 'the.asser.tion');
});

test('each device code is asked about once a burst, by its own client (RFC 8628 §3.4)', () => {
  const plan = planOf('device_poll', [{ value: 'device_code=a&client_id=b', subject: '' }]);
  assert.equal(plan.use, 'once');
  assert.deepEqual(
    { ...bodyOf(plan, plan.credentials[0] ?? '') },
    { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'a', client_id: 'b' },
  );
  assert.deepEqual(plan.expect, { kind: 'refusal', error: 'authorization_pending' });
});

test('a token is exchanged for one of its user under the name of the client that exchanges (RFC 8693 §2.1)', () => {
  const plan = planOf('token_exchange', [{ value: 'subject+token', subject: 'alice' }]);
  assert.equal(bodyOf(plan, 'subject+token')['subject_token'], 'subject+token');
  assert.ok(plan.expect.kind === 'token');
  assert.deepEqual(plan.expect.subjects, ['alice']);
  assert.equal(plan.expect.issuedTokenType, 'urn:ietf:params:oauth:token-type:access_token');
});

test('a server without the endpoint cannot be measured (RFC 9126 §5)', () => {
  assert.equal(planOf('par', []).request.path, '/par');
  assert.throws(() => planOf('par', [], { ...running, paths: { ...running.paths, pushedRequest: undefined } }), TypeError);
});
