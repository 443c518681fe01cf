import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SessionRefusal, UserEvent } from '@hufu/store/port';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply } from '../http.ts';
import { startDelivery } from '../logout/delivery-job.ts';
import { giveGrant } from '../testing/free-grants.ts';
import { BROWSER, cookieOf, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { answerOf, ask, signedIn, tokensOf } from '../testing/visits.ts';
import { BASIC_YAML, openWorld, type World } from '../testing/world.ts';
import { clientDevicesGet, clientDevicesPost } from './client-devices.ts';
import { DEVICES_PATH, enter } from './enter.ts';
import { signInDevicesGet, signInDevicesPost } from './sign-in-devices.ts';

const FULL = `${BASIC_YAML}\npolicies: { devices: { max: 2, on_exceed: refuse } }`;
const AT_CLIENT = BASIC_YAML.replace(
  'hufu: { first_party: true }',
  'backchannel_logout_uri: https://app.example/logout\n    hufu: { first_party: true, devices: { max: 1, on_exceed: refuse } }',
);

async function eventsOf(world: World): Promise<readonly Pick<UserEvent, 'kind' | 'detail'>[]> {
  const user = (await world.store.findUserByName(world.tenant, 'alice')) ?? assert.fail();
  const events = await world.store.listUserEvents(world.tenant, user.id, 9);
  return events.map(({ kind, detail }) => ({ kind, detail })).filter(({ kind }) => kind === 'device_signed_out' || kind === 'app_removed');
}

/** Alice's sign-in at a browser for which there is no room, with all that could go chosen. */
async function signInFull(
  world: World,
): Promise<{ readonly page: HttpReply; readonly fields: URLSearchParams; readonly send: (fields: URLSearchParams) => Promise<HttpReply> }> {
  const user = (await world.store.findUserByName(world.tenant, 'alice')) ?? assert.fail();
  const proof = { user, proved: [{ method: 'password', at: world.now() }] } as const;
  const aim = { text: undefined, way: undefined, next: 'account' } as const;
  const full = (await enter(world.ctx, 'signin', getOf(world, '/'), proof, aim, new Trail())) ?? assert.fail();
  const page = await signInDevicesGet(world.ctx, getOf(world, full));
  const send = (fields: URLSearchParams): Promise<HttpReply> =>
    signInDevicesPost(world.ctx, { ...postOf(world, DEVICES_PATH, {}), body: fields.toString() });
  return { page, fields: choosingAll(page), send };
}

function choosingAll(page: HttpReply): URLSearchParams {
  const fields = new URLSearchParams(hiddenOf(page));
  for (const device of devicesOn(page)) fields.append('device', device);
  return fields;
}

function devicesOn(page: HttpReply): readonly string[] {
  return [...page.body.toString().matchAll(/name="device" value="([^"]+)"/g)].map(([, value = '']) => value);
}

test('what makes room for a sign-in goes with it or not at all, and its user finds it in their activity', async () => {
  const refusals: SessionRefusal[] = [];
  const world = await openWorld({
    yaml: FULL,
    wrap: (store) => ({
      ...store,
      openSession: async (...args) => {
        const reason = args[2].signsOut.length === 0 ? undefined : refusals.shift();
        return reason === undefined ? await store.openSession(...args) : { kind: 'refused', reason };
      },
    }),
  });
  const there = await signedIn(world);
  const grant = await giveGrant(world);
  const { page, send, fields } = await signInFull(world);
  assert.deepEqual([pageOf(page), devicesOn(page).toSorted()], ['devices', [`d${there.session.deviceId}`, `g${grant}`]]);
  const states = async (): Promise<unknown[]> => [
    (await world.store.findSession(world.tenant, there.session.id))?.endedReason,
    (await world.store.findGrant(world.tenant, grant))?.dead?.reason,
    (await eventsOf(world)).length,
  ];

  refusals.push('too_many_devices');
  const again = await send(fields);
  assert.deepEqual(await states(), [undefined, undefined, 0], 'somebody else was faster');
  fields.set('progress', new URLSearchParams(String(again.headers['location']).split('?')[1]).get('progress') ?? '');
  const done = await send(fields);
  assert.deepEqual([done.headers['location'], cookieOf(done, 'session') === undefined], ['/account', false]);
  assert.deepEqual(await states(), ['signed_out', 'signed_out', 2]);
  assert.ok((await eventsOf(world)).some(({ kind, detail }) => kind === 'device_signed_out' && typeof detail['name'] === 'string'));
  await world.close();
});

test('whoever is to be told of what made room is told at once, also where that was on no device', async () => {
  let looks = 0;
  const world = await openWorld({
    yaml: FULL.replace('max: 2', 'max: 1'),
    wrap: (store) => ({
      ...store,
      takeDeliveries: async (...args) => {
        looks += 1;
        return await store.takeDeliveries(...args);
      },
    }),
  });
  await giveGrant(world);
  const { send, fields } = await signInFull(world);
  const stop = startDelivery(world.ctx);
  const before = looks;
  assert.equal((await send(fields)).headers['location'], '/account');
  assert.ok(looks > before);
  await stop();
  await world.close();
});

test('an app that is signed out elsewhere is told of it, and its user finds it in their activity', async () => {
  const world = await openWorld({ yaml: AT_CLIENT });
  const there = await signedIn(world);
  await tokensOf(world, { scope: 'openid' }, there);
  const free = await giveGrant(world);
  const here = await signedIn(world);
  const cookie = `${BROWSER}; ${here.cookie}`;
  const asked = await ask(world, here, { scope: 'openid' });
  assert.match(String(asked.headers['location']), /^\/devices\?/);
  const page = await clientDevicesGet(world.ctx, getOf(world, asked, cookie));
  assert.equal(devicesOn(page).length, 2, page.body.toString());
  const done = await clientDevicesPost(world.ctx, { ...postOf(world, '/devices', {}, { cookie }), body: choosingAll(page).toString() });
  assert.ok(answerOf(done).has('code'), String(done.headers['location']));
  const told = await world.store.takeDeliveries(world.tenant, 9, 60, world.now());
  assert.deepEqual(
    told.map(({ clientId }) => clientId),
    ['spa'],
  );
  assert.deepEqual(await world.store.listParticipants(world.tenant, there.session.id, 9), []);
  assert.equal((await world.store.findGrant(world.tenant, free))?.dead?.reason, 'revoked_by_user');
  const events = await eventsOf(world);
  assert.deepEqual(
    events.map(({ kind, detail }) => [kind, detail['name']]),
    [
      ['app_removed', 'Reader'],
      ['app_removed', 'Reader'],
    ],
  );
  assert.equal(events.filter(({ detail }) => typeof detail['device'] === 'string').length, 1);
  await world.close();
});
