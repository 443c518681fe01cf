import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { findClient } from '../clients.ts';
import { readSessionName, sessionName } from '../sessions/session-name.ts';
import { ask, signedIn } from '../testing/visits.ts';
import { BASIC_YAML, openWorld } from '../testing/world.ts';
import { participationOf } from './participation.ts';

const client = (id: string, more: string): string => `
  - client_id: ${id}
    token_endpoint_auth_method: none
    redirect_uris: [https://${id}.example/cb]
    grant_types: [authorization_code]
    hufu: { first_party: true }${more}`;
const FRONT = '\n    frontchannel_logout_uri: https://front.example/bye';
const BACK = '\n    backchannel_logout_uri: https://back.example/bye';

const world = await openWorld({ yaml: BASIC_YAML.replace('clients:', `clients: ${client('front', FRONT)}${client('back', BACK)}`) });
after(() => world.close());

test('who has registered where to be told takes part, and nobody else (Front-Channel Logout §2, Back-Channel Logout §2.2)', async () => {
  const { session } = await signedIn(world);
  const of = async (id: string) => participationOf(world.ctx, (await findClient(world.ctx, id)) ?? assert.fail(), session);
  const sid = sessionName(world.ctx, session.id);
  assert.deepEqual(await of('front'), { sid, backchannel: false });
  assert.deepEqual(await of('back'), { sid, backchannel: true });
  assert.equal(await of('spa'), undefined);
});

test('whoever gets no ID token is not told of a session that it never heard of (Back-Channel Logout §2.5)', async () => {
  const visitor = await signedIn(world);
  const part = { client_id: 'back', redirect_uri: 'https://back.example/cb' };
  await ask(world, visitor, { ...part, scope: 'read' });
  assert.deepEqual(await world.store.listParticipants(world.tenant, visitor.session.id, 10), []);
  await ask(world, visitor, { ...part, scope: 'openid read' });
  const [only, ...others] = await world.store.listParticipants(world.tenant, visitor.session.id, 10);
  assert.deepEqual(
    [only, others],
    [{ clientId: 'back', sid: sessionName(world.ctx, visitor.session.id), subject: 'alice-sub', backchannel: true }, []],
  );
});

test('a sid leads back to its session, in one spelling, and what is none leads nowhere (Front-Channel Logout §3)', async () => {
  const { session } = await signedIn(world);
  const sid = sessionName(world.ctx, session.id);
  assert.equal(readSessionName(world.ctx, sid), session.id);
  for (const bad of [
    '',
    `0${sid}`,
    sid.toUpperCase() === sid ? 'A' : sid.toUpperCase(),
    `${sid} `,
    'zzzzzzzzzz',
    'zzzzzzzzzzzz',
    '-1',
    '1.5',
    'é',
  ])
    assert.equal(readSessionName(world.ctx, bad), undefined, bad);
});
