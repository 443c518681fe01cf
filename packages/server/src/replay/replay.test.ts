import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readForm } from '@hufu/protocol/form';
import { askedOf } from '../history/facts.ts';
import { prover } from '../testing/proofs.ts';
import { ERRANDS, foretell, REPLAY_YAML, replayed } from '../testing/replays.ts';
import { tokenFacts } from '../testing/token-facts.ts';
import { answerOf, ask, postToken, signedIn, tokensOf } from '../testing/visits.ts';
import { CHEAP_HASH, openWorld, SECRETS, START_MS, type World } from '../testing/world.ts';

/** The basic configuration with a piece of it replaced. */
function changed(text: string | RegExp, instead = '', yaml = REPLAY_YAML): string {
  const result = yaml.replace(text, instead);
  assert.notEqual(result, yaml, String(text));
  return result;
}

interface Case {
  readonly title: string;
  readonly yaml: string;
  readonly foretold: readonly string[];
  readonly came: readonly string[];
}

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const CODE_AND_REFRESH = '    grant_types: [authorization_code, refresh_token]\n';
const LEGACY_SECRET = 'legacy-secret-0123456789abcdef0123456';

const CASES: readonly Case[] = [
  { title: 'the same file', yaml: REPLAY_YAML, foretold: [], came: [] },
  {
    title: 'a scope that a resource no longer offers',
    yaml: changed('scopes: [read, write]', 'scopes: [read]'),
    foretold: [
      'less token authorization_code spa: scope',
      'less token refresh_token spa: scope',
      'refused authorize  spa: scope',
      'refused token client_credentials machine: resource',
    ],
    came: [
      'authorize  spa: code → invalid_scope',
      'token client_credentials machine: scope write → invalid_scope',
      'token refresh_token spa: scope openid read write → scope openid read',
    ],
  },
  {
    title: 'a scope that a client may no longer ask for on its own behalf',
    yaml: changed('scope: read write unlock', 'scope: read unlock'),
    foretold: ['refused token client_credentials machine: scope'],
    came: ['token client_credentials machine: scope write → invalid_scope'],
  },
  {
    title: 'scopes that a client may no longer ask people for',
    yaml: changed(CODE_AND_REFRESH, `${CODE_AND_REFRESH}    scope: openid read\n`),
    foretold: ['less token refresh_token spa: scope', 'refused authorize  spa: scope'],
    came: ['authorize  spa: code → invalid_scope', 'token refresh_token spa: scope openid read write → scope openid read'],
  },
  {
    title: 'no more refresh tokens',
    yaml: changed(CODE_AND_REFRESH, '    grant_types: [authorization_code]\n'),
    foretold: ['refused token refresh_token spa: client_grant_type'],
    came: ['token refresh_token spa: scope openid read write → unauthorized_client'],
  },
  {
    title: 'a grant type of a machine, and one of a device',
    yaml: changed(
      `grant_types: ['${DEVICE}']`,
      'redirect_uris: [https://tv.example/cb]',
      changed(
        'grant_types: [client_credentials]\n    scope: read write',
        'grant_types: [authorization_code]\n    redirect_uris: [https://machine.example/cb]\n    scope: read write',
      ),
    ),
    foretold: ['refused token client_credentials machine: client_grant_type', `refused token ${DEVICE} tv: client_grant_type`],
    came: [
      'token client_credentials machine: scope write → unauthorized_client',
      `token ${DEVICE} tv: scope openid read → unauthorized_client`,
    ],
  },
  {
    title: 'another redirect URI',
    yaml: changed('https://app.example/cb', 'https://app.example/other'),
    foretold: ['refused authorize  spa: redirect_uri', 'refused token authorization_code spa: redirect_uri'],
    came: ['authorize  spa: code → 400 /', 'token authorization_code spa: scope openid read → invalid_grant'],
  },
  {
    title: 'a client that is taken out of the file',
    yaml: changed(/ {2}- client_id: spa[\s\S]*?(?= {2}- client_id: web)/),
    foretold: [
      'refused authorize  spa: client_enabled',
      'refused token authorization_code spa: client_enabled',
      'refused token refresh_token spa: client_enabled',
    ],
    came: [
      'authorize  spa: code → 400 /',
      'token authorization_code spa: scope openid read → invalid_client',
      'token refresh_token spa: scope openid read write → invalid_client',
    ],
  },
  {
    title: 'a client that has to prove itself in another way',
    yaml: changed(
      'redirect_uris: [https://web.example/cb]',
      'token_endpoint_auth_method: client_secret_post\n    redirect_uris: [https://web.example/cb]',
    ),
    foretold: ['refused token authorization_code web: client_authentication', 'refused token refresh_token web: client_authentication'],
    came: ['token refresh_token web: scope openid read → invalid_client'],
  },
  {
    title: 'a client that would know its users by other names: what was granted to it ends (OpenID Connect Core §8)',
    yaml: changed('redirect_uris: [https://web.example/cb]', 'subject_type: pairwise\n    redirect_uris: [https://web.example/cb]'),
    foretold: ['refused token authorization_code web: grant_live', 'refused token refresh_token web: grant_live'],
    came: ['token refresh_token web: scope openid read → invalid_grant'],
  },
  {
    title: 'a client that takes two factors alone (RFC 9470)',
    yaml: changed('hufu: { first_party: true }', 'hufu: { first_party: true, sign_in: { acr: "urn:hufu:acr:2" } }'),
    foretold: ['refused authorize  spa: sign_in_level'],
    came: ['authorize  spa: code → unmet_authentication_requirements'],
  },
  {
    title: 'a second factor for everybody: who signs in makes one, who is silent is refused, and a password alone is wrong',
    yaml: `${REPLAY_YAML}policies: { sign_in: { second_factor: required } }\n`,
    foretold: [
      'asked_more authorize  spa: sign_in_level',
      'asked_more authorize  still: sign_in_level',
      'asked_more authorize  web: sign_in_level',
      'refused authorize  web: sign_in_level',
      'refused token password legacy: credentials',
    ],
    came: [
      'authorize  spa: code → 303 /signin',
      'authorize  web: code → login_required',
      'token password legacy: scope read → invalid_grant',
    ],
  },
  { title: 'a user who is taken out of the file, and stays', yaml: changed(/ {2}- \{ username: bob.*\n/), foretold: [], came: [] },
  {
    title:
      'what was refused and would be allowed: a grant type, a redirect URI, and a client of which nobody knows whether it would prove itself',
    yaml: changed(
      'resources:\n',
      `  - { client_id: newcomer, client_secret: ${LEGACY_SECRET}, token_endpoint_auth_method: client_secret_post, grant_types: [client_credentials] }\nresources:\n`,
      changed(
        "'com.example.app:/cb'",
        "'com.example.app:/cb', 'com.example.other:/cb'",
        changed(
          `${CODE_AND_REFRESH}    scope: openid profile`,
          '    grant_types: [authorization_code, client_credentials]\n    scope: openid profile',
        ),
      ),
    ),
    foretold: [
      'allowed authorize  native: redirect_uri',
      'allowed token client_credentials third: client_grant_type',
      'maybe_allowed token client_credentials newcomer: client_known',
    ],
    came: [
      'authorize  native: 400 / → 303 /consent',
      'token client_credentials newcomer: invalid_client → scope undefined',
      'token client_credentials third: unauthorized_client → scope read',
    ],
  },
];

for (const { title, yaml, ...expected } of CASES)
  test(`what a replay foretells comes to pass, and nothing else: ${title}`, async () => {
    const { told, foretold, came } = await foretell(yaml);
    assert.deepEqual({ foretold, came }, expected);
    assert.equal(told.requests.lost + told.requests.left, 0);
    // What became otherwise was foretold, of each; what was foretold of no errand was asked to make one ready.
    const labels = (lines: readonly string[]): Set<string> => new Set(lines.map((line) => line.slice(0, line.lastIndexOf(': '))));
    const named = [...labels(foretold)].map((label) => label.slice(label.indexOf(' ') + 1));
    const became = ERRANDS.map(({ label }) => label).filter((label) => came.some((line) => line.startsWith(`${label}: `)));
    assert.equal(became.length, came.length);
    for (const label of became) assert.ok(named.includes(label), label);
    for (const label of named)
      if (!became.includes(label)) assert.match(label, /^authorize {2}(still|web)$|^token authorization_code (spa|web)$/);
  });

test('a user who is named no more is told of, as nothing becomes of it', async () => {
  const { told } = await foretell(changed(/ {2}- \{ username: bob.*\n/));
  assert.deepEqual(told.usersLeftOut, ['bob']);
});

test('twenty users who are named no more are told, and that there are others', async () => {
  for (const [count, areMore] of [
    [20, false],
    [21, true],
  ] as const) {
    const names = Array.from({ length: count }, (_, index) => `u${index}`);
    const users = names.map((name) => `  - { username: ${name}, password_hash: '${CHEAP_HASH}' }`).join('\n');
    const world = await openWorld({ yaml: `${REPLAY_YAML}${users}\n` });
    for (const name of names) {
      const user = (await world.store.findUserByName(world.tenant, name))?.id;
      world.ctx.history.note(
        tokenFacts({ client: 'spa', auth: 'none', grantType: 'authorization_code', user, granted: ['read'] }),
        START_MS,
      );
    }
    const { usersLeftOut, untold } = await replayed(world, REPLAY_YAML);
    assert.deepEqual([usersLeftOut.length, untold], [20, { requests: 0, usersLeftOut: areMore }]);
    await world.close();
  }
});

test('who is touched is told by name, with the setting and an example', async () => {
  const world = await openWorld({ yaml: REPLAY_YAML });
  for (const name of ['bob', 'alice', 'bob']) await tokensOf(world, { scope: 'openid write' }, await signedIn(world, name));
  const { differences, requests } = await replayed(world, changed('scopes: [read, write]', 'scopes: [read]'));
  const [one] = differences;
  assert.deepEqual(one, {
    change: 'refused',
    endpoint: 'authorize',
    grantType: '',
    clientId: 'spa',
    check: 'scope',
    setting: 'clients[].scope, resources[].scopes',
    error: 'invalid_scope',
    detail: 'write',
    requests: 3,
    users: 2,
    moreUsers: false,
    usernames: ['alice', 'bob'],
    examples: Array.from({ length: 2 }, () => ({
      at: START_MS / 1000,
      asked: { redirect_uri: 'https://app.example/cb', response_type: 'code', scope: 'openid write' },
    })),
  });
  assert.deepEqual(requests, { known: 6, judged: 6, partly: 0, left: 0, lost: 0 });
  await world.close();
});

/** Signs in, and refreshes after that long; what came of the refresh. */
async function refreshedAfter(world: World, seconds: number, scope = 'openid read'): Promise<unknown> {
  const { refresh_token: token } = await tokensOf(world, { scope });
  world.clock.advance(seconds * 1000);
  const reply = await postToken(world, { grant_type: 'refresh_token', client_id: 'spa', refresh_token: String(token) });
  return reply.status === 200 ? 'renewed' : reply.json['error'];
}

test('shorter lifetimes: renewals that would have come too late, of grants that had been made under them (RFC 6749 §6)', async () => {
  const policies = (text: string): string => `${REPLAY_YAML}policies: { ${text} }\n`;
  for (const [yaml, late] of [
    [policies('refresh_tokens: { idle: 10m }'), true],
    [policies('refresh_tokens: { absolute: 20m }'), true],
    [changed('hufu: { first_party: true }', 'hufu: { first_party: true, refresh_token: { idle: 1000s } }'), true],
    [policies('sessions: { absolute: 20m }'), false],
    [policies('refresh_tokens: { idle: 31m }'), false],
  ] as const) {
    const world = await openWorld({ yaml: REPLAY_YAML });
    assert.equal(await refreshedAfter(world, 1800), 'renewed');
    const { differences } = await replayed(world, yaml);
    assert.deepEqual(
      differences.map(({ change, grantType, check, setting, usernames }) => [change, grantType, check, setting, usernames]),
      late ? [['refused', 'refresh_token', 'grant_fresh', 'policies.codes, policies.refresh_tokens', ['alice']]] : [],
      yaml.slice(-80),
    );
    await world.close();
    const after = await openWorld({ yaml });
    if (late) assert.equal(await refreshedAfter(after, 1800), 'invalid_grant');
    await after.close();
  }
});

test('shorter sessions and codes: whose session would have been over signs in again, whose code would have been refused', async () => {
  const world = await openWorld({ yaml: REPLAY_YAML });
  const alice = await signedIn(world);
  world.clock.advance(1_500_000);
  const code = answerOf(await ask(world, alice)).get('code') ?? '';
  world.clock.advance(30_000);
  const fields = {
    grant_type: 'authorization_code',
    client_id: 'spa',
    redirect_uri: 'https://app.example/cb',
    code,
    code_verifier: 'v'.repeat(43),
  };
  assert.equal((await postToken(world, fields)).status, 200);
  const { differences } = await replayed(world, `${REPLAY_YAML}policies: { sessions: { absolute: 20m }, codes: { ttl: 20s } }\n`);
  assert.deepEqual(
    differences.map(({ change, endpoint, check }) => `${change} ${endpoint} ${check}`),
    ['refused token grant_fresh', 'asked_more authorize authentication'],
  );
  await world.close();
});

test('a refresh token that is bound to a key was shown with it, and is judged by all else (RFC 9449 §5)', async () => {
  const world = await openWorld({ yaml: REPLAY_YAML });
  const key = await prover();
  const dpop = (): string => key.prove({ htm: 'POST', htu: 'https://id.example/' });
  const code = answerOf(await ask(world, await signedIn(world))).get('code') ?? '';
  const fields = {
    grant_type: 'authorization_code',
    client_id: 'spa',
    redirect_uri: 'https://app.example/cb',
    code,
    code_verifier: 'v'.repeat(43),
  };
  const tokens = await postToken(world, fields, { dpop: dpop() });
  const again = { grant_type: 'refresh_token', client_id: 'spa', refresh_token: String(tokens.json['refresh_token']) };
  assert.equal((await postToken(world, again, { dpop: dpop() })).status, 200);
  const { differences, requests } = await replayed(world, REPLAY_YAML);
  assert.deepEqual([differences, requests.judged, requests.known], [[], 3, 3]);
  await world.close();
});

test('what somebody got wrong stays refused, and what came of a grant by itself is not looked at again', async () => {
  const world = await openWorld({ yaml: REPLAY_YAML });
  await postToken(world, { grant_type: 'client_credentials' }, { basic: 'machine:wrong-secret-0123456789abcdef0123' });
  const { refresh_token: token } = await tokensOf(world);
  const fields = { grant_type: 'refresh_token', client_id: 'spa', refresh_token: String(token) };
  assert.equal((await postToken(world, fields)).status, 200);
  const alice = (await world.store.findUserByName(world.tenant, 'alice')) ?? assert.fail();
  await world.store.revokeUser(world.tenant, alice.id, 'revoked_by_user', world.now());
  assert.equal((await postToken(world, fields)).status, 400);
  const { differences, requests } = await replayed(world, REPLAY_YAML);
  assert.deepEqual([differences, requests], [[], { known: 5, judged: 3, partly: 0, left: 2, lost: 0 }]);
  await world.close();
});

test('with an assertion or a token of somebody, a request is judged as far as the grant type (RFC 8693 §2.1)', async () => {
  const world = await openWorld({ yaml: REPLAY_YAML });
  const asked = {
    kind: 'token',
    client: 'api',
    auth: 'client_secret_basic',
    scope: 'read',
    resources: [],
    redirectUri: undefined,
  } as const;
  const unknown = { grant: undefined, at: undefined, idle: undefined, user: undefined, granted: undefined, refused: undefined } as const;
  const grantType = 'urn:ietf:params:oauth:grant-type:token-exchange';
  world.ctx.history.note({ ...asked, ...unknown, grantType }, START_MS);
  const allowed = changed(
    'grant_types: [client_credentials]\n    scope: read\n    hufu: {',
    `grant_types: [client_credentials, '${grantType}']\n    scope: read\n    hufu: { token_exchange: { audiences: ['https://api.example/'], scopes: [read] },`,
  );
  const { differences, requests } = await replayed(world, allowed);
  assert.deepEqual([differences, requests.partly], [[], 1]);
  const { differences: others } = await replayed(world, REPLAY_YAML);
  assert.deepEqual(
    others.map(({ change, check }) => [change, check]),
    [['refused', 'client_grant_type']],
  );
  await world.close();
});

test('an assertion under a key is none under a secret, though both are sent alike (RFC 7523 §2.2)', async () => {
  const world = await openWorld({ yaml: REPLAY_YAML });
  const asked = {
    kind: 'token',
    client: 'machine',
    auth: 'private_key_jwt',
    scope: 'read',
    resources: [],
    redirectUri: undefined,
  } as const;
  const unknown = { grant: undefined, at: undefined, idle: undefined, user: undefined, granted: ['read'], refused: undefined } as const;
  world.ctx.history.note({ ...asked, ...unknown, grantType: 'client_credentials' }, START_MS);
  const { differences } = await replayed(
    world,
    changed(
      'grant_types: [client_credentials]\n    scope: read write',
      'token_endpoint_auth_method: client_secret_jwt\n    grant_types: [client_credentials]\n    scope: read write',
    ),
  );
  assert.deepEqual(
    differences.map(({ change, check, detail }) => [change, check, detail]),
    [['refused', 'client_authentication', 'the client is registered for client_secret_jwt and used private_key_jwt']],
  );
  await world.close();
});

test('an account that is gone and a client whose document lies elsewhere are not judged, and nothing is fetched for it', async () => {
  const world = await openWorld({ yaml: REPLAY_YAML });
  const document = {
    kind: 'token',
    client: 'https://app.example/client.json',
    auth: 'none',
    grantType: 'refresh_token',
    scope: undefined,
  } as const;
  const unknown = { grant: 7, at: START_MS / 1000, idle: 1, user: undefined, granted: ['read'], refused: undefined } as const;
  world.ctx.history.note({ ...document, ...unknown, resources: [], redirectUri: undefined }, START_MS);
  await ask(world, await signedIn(world, 'bob'), { scope: 'openid' });
  const bob = (await world.store.findUserByName(world.tenant, 'bob')) ?? assert.fail();
  await world.store.deleteUser(world.tenant, bob.id, world.now());
  const { differences, requests } = await replayed(world, REPLAY_YAML);
  assert.deepEqual([differences, requests.partly, requests.known], [[], 2, 2]);
  await world.close();
});

test('a request of which the words were not kept is not judged beyond its client', async () => {
  const world = await openWorld({ yaml: REPLAY_YAML });
  const { grantType, ...unread } = askedOf(readForm(`grant_type=client_credentials&scope=${'read+'.repeat(300)}`));
  assert.equal(grantType, '');
  const nobody = { grant: undefined, at: undefined, idle: undefined, user: undefined };
  world.ctx.history.note(
    {
      kind: 'token',
      client: 'machine',
      auth: 'client_secret_basic',
      grantType,
      ...unread,
      ...nobody,
      granted: ['read'],
      refused: undefined,
    },
    START_MS,
  );
  const { differences, requests } = await replayed(world, REPLAY_YAML);
  assert.deepEqual([differences, requests.partly, requests.known], [[], 1, 1]);
  await world.close();
});

test('a replay writes nothing, signs nothing and asks nobody; what is in it holds no credential (attacks CRY-01)', async () => {
  const world = await openWorld({ yaml: REPLAY_YAML });
  const tokens = await tokensOf(world);
  await refreshedAfter(world, 10);
  // Nothing of it is taken: all there is to do for it is to sign.
  const steady = { client_id: 'still', client_secret: LEGACY_SECRET, redirect_uri: 'https://still.example/cb' };
  const { refresh_token: token } = await tokensOf(world, steady);
  const again = await postToken(world, { grant_type: 'refresh_token', refresh_token: String(token) }, { basic: `still:${LEGACY_SECRET}` });
  assert.equal(again.status, 200);
  await world.ctx.history.flush(world.clock.nowMs());
  const kept = await world.store.listHistory(world.tenant, { minute: 0, id: 0 }, 100);
  const texts = kept.map(({ facts }) => facts).join('\n');
  for (const secret of [tokens['access_token'], tokens['refresh_token'], tokens['id_token'], 'alice', 'v'.repeat(43), 's-1', SECRETS.web])
    assert.ok(!texts.includes(String(secret)), String(secret));
  const before = await Promise.all([
    world.store.listGrants(world.tenant, {}, 100),
    world.store.listClients(world.tenant, '', 100),
    world.store.listHistory(world.tenant, { minute: 0, id: 0 }, 100),
  ]);
  const mute = new Proxy(world.ctx.keys, {
    get: (keys, name) => (name === 'signerFor' ? () => assert.fail('signed') : Reflect.get(keys, name)),
  });
  const quiet = { ...world, ctx: { ...world.ctx, keys: mute } };
  const { requests } = await replayed(quiet, changed(/ {2}- client_id: spa[\s\S]*?(?= {2}- client_id: web)/));
  assert.equal(requests.judged, requests.known);
  const after = await Promise.all([
    world.store.listGrants(world.tenant, {}, 100),
    world.store.listClients(world.tenant, '', 100),
    world.store.listHistory(world.tenant, { minute: 0, id: 0 }, 100),
  ]);
  assert.deepEqual(after, before);
  await world.close();
});
