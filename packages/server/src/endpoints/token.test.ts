import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { StoreUnavailable } from '@hufu/store/port';
import { post } from '../testing/visits.ts';
import { openWorld, SECRETS } from '../testing/world.ts';
import { token } from './token.ts';

const world = await openWorld();
after(() => world.close());

const WEB = { basic: `web:${SECRETS.web}` };

async function refused(
  fields: Record<string, string> | string,
  headers: Record<string, string>,
  status: number,
  error: string,
  check: string,
): Promise<string | undefined> {
  const reply = await post(world, token, fields, headers);
  const why = await world.why(reply);
  assert.deepEqual([reply.status, reply.json['error'], why.failed, why.row.endpoint], [status, error, check, 'token']);
  assert.equal(reply.headers['cache-control'], 'no-store');
  return why.detail;
}

test('the parameters come in a form, each at most once (RFC 6749 §3.2)', async () => {
  await refused('{"grant_type":"client_credentials"}', { 'content-type': 'application/json' }, 400, 'invalid_request', 'parameters');
  await refused('grant_type=refresh_token&grant_type=refresh_token', WEB, 400, 'invalid_request', 'parameters');
  await refused('grant_type=%ff', WEB, 400, 'invalid_request', 'parameters');
});

test('who asks is looked at before what is asked for (RFC 6749 §3.2.1)', async () => {
  await refused({ grant_type: 'nonsense' }, { basic: 'web:wrong' }, 401, 'invalid_client', 'client_authentication');
  await refused({ grant_type: 'nonsense' }, {}, 401, 'invalid_client', 'client_authentication');
});

test('grant_type is there, known, and registered for the client (RFC 6749 §5.2)', async () => {
  await refused({}, WEB, 400, 'invalid_request', 'grant_type');
  assert.equal(await refused({ grant_type: 'password' }, WEB, 400, 'unsupported_grant_type', 'grant_type'), 'password');
  assert.equal((await refused({ grant_type: 'x'.repeat(500) }, WEB, 400, 'unsupported_grant_type', 'grant_type'))?.length, 100);
  assert.equal(
    await refused({ grant_type: 'client_credentials' }, WEB, 400, 'unauthorized_client', 'client_grant_type'),
    'client_credentials',
  );
  await refused({ grant_type: 'constructor' }, WEB, 400, 'unsupported_grant_type', 'grant_type');
});

test('scripts of the client read the answer, a refusal too; before the client is known nobody does (Fetch §3.2)', async () => {
  const from = (fields: Record<string, string>, headers: Record<string, string>): Promise<readonly string[] | undefined> =>
    post(world, token, fields, headers).then(({ origins }) => origins);
  const origin = { origin: 'https://app.example' };
  assert.deepEqual(await from({ client_id: 'spa', grant_type: 'refresh_token' }, origin), ['https://app.example']);
  assert.deepEqual(await from({ client_id: 'nobody' }, origin), undefined);
  assert.deepEqual(await from({ client_id: 'spa' }, {}), undefined);
  assert.deepEqual(await from({ grant_type: 'refresh_token' }, { ...WEB, ...origin }), [], "a secret's place is not in a browser");
});

test('a store that is away is 503, whatever was asked (product 3.3)', async () => {
  const own = await openWorld({
    wrap: (store) =>
      new Proxy(store, {
        get(target, name) {
          const verb: unknown = Reflect.get(target, name);
          if (name === 'findGrant' || name === 'ownGrant') return () => Promise.reject(new StoreUnavailable('away'));
          return typeof verb === 'function' ? verb.bind(target) : verb;
        },
      }),
  });
  const machine = await post(own, token, { grant_type: 'client_credentials' }, { basic: `machine:${SECRETS.machine}` });
  assert.deepEqual([machine.status, machine.json['error'], machine.headers['retry-after']], [503, 'temporarily_unavailable', '1']);
  assert.equal(own.events('store.unavailable').length, 1);
  await own.close();
});
