import { DEVICE_CODE } from '@hufu/protocol/grant-type';
import { openMemory } from '@hufu/store/memory';
import { readConfig } from '../config/read-config.ts';
import type { HttpReply } from '../http.ts';
import { type Replay, replay } from '../replay/replay.ts';
import { askDevice, decideDevice } from './pending.ts';
import { answerOf, ask, postToken, signedIn, tokensOf, VERIFIER } from './visits.ts';
import { BASIC_YAML, openWorld, PASSWORD, SECRETS, type World } from './world.ts';

const LEGACY = 'legacy-secret-0123456789abcdef0123456';

/** The basic world with a client that sends passwords, one whose refresh tokens stay the same, and one with a device. */
export const REPLAY_YAML: string = BASIC_YAML.replace(
  'resources:\n',
  `  - client_id: legacy
    client_secret: ${LEGACY}
    grant_types: [password]
    hufu: { unsafe_password_grant: true }
  - client_id: still
    client_secret: ${LEGACY}
    redirect_uris: [https://still.example/cb]
    grant_types: [authorization_code, refresh_token]
    hufu: { first_party: true, refresh_token: { rotation: off } }
  - client_id: tv
    token_endpoint_auth_method: none
    grant_types: ['${DEVICE_CODE}']
    scope: openid read
resources:
`,
);

/** A request of one kind: made ready before a change, and sent after it. */
export interface Errand {
  /** As differences name it: endpoint, grant type, client. */
  readonly label: string;
  ready(world: World): Promise<Readonly<Record<string, string>>>;
  /** What became of it. */
  send(world: World, made: Readonly<Record<string, string>>): Promise<string>;
}

const nothing = (): Promise<Readonly<Record<string, string>>> => Promise.resolve({});
const outcome = ({ status, json }: Awaited<ReturnType<typeof postToken>>): string =>
  status === 200 ? `scope ${String(json['scope'])}` : String(json['error']);

function answered(reply: HttpReply): string {
  const answer = answerOf(reply);
  return answer.has('code')
    ? 'code'
    : (answer.get('error') ?? `${reply.status} ${new URL(String(reply.headers['location'] ?? '/'), 'https://id.example').pathname}`);
}

/** With the session of somebody who has just signed in with a password, and did so before. */
function authorization(label: string, part: Readonly<Record<string, string>>): Errand {
  return {
    label,
    ready: async (world) => ({ cookie: (await signedIn(world)).cookie }),
    async send(world, { cookie = '' }) {
      return answered(await ask(world, { ...(await signedIn(world, 'bob')), cookie }, part));
    },
  };
}

function refreshing(client: string, secret: string): Errand {
  return {
    label: `token refresh_token ${client}`,
    ready: async (world) => {
      const part = { client_id: client, client_secret: secret, redirect_uri: `https://${client}.example/cb`, scope: 'openid read' };
      return { token: String((await tokensOf(world, part))['refresh_token']) };
    },
    send: async (world, { token = '' }) =>
      outcome(await postToken(world, { grant_type: 'refresh_token', refresh_token: token }, { basic: `${client}:${secret}` })),
  };
}

const device: Errand = {
  label: `token ${DEVICE_CODE} tv`,
  async ready(world) {
    const { json } = await askDevice(world, { scope: 'openid read' });
    await decideDevice(world, await signedIn(world), json['user_code'], 'allow');
    return { code: String(json['device_code']) };
  },
  send: async (world, { code = '' }) => outcome(await postToken(world, { grant_type: DEVICE_CODE, client_id: 'tv', device_code: code })),
};

/** What clients of the basic world do in an hour. */
export const ERRANDS: readonly Errand[] = [
  {
    label: 'token client_credentials machine',
    ready: nothing,
    send: async (world) =>
      outcome(await postToken(world, { grant_type: 'client_credentials', scope: 'write' }, { basic: `machine:${SECRETS.machine}` })),
  },
  {
    label: 'token client_credentials api',
    ready: nothing,
    send: async (world) => outcome(await postToken(world, { grant_type: 'client_credentials' }, { basic: `api:${SECRETS.api}` })),
  },
  {
    label: 'token password legacy',
    ready: nothing,
    send: async (world) =>
      outcome(
        await postToken(
          world,
          { grant_type: 'password', username: 'bob', password: PASSWORD, scope: 'read' },
          { basic: `legacy:${LEGACY}` },
        ),
      ),
  },
  authorization('authorize  spa', { scope: 'openid read write' }),
  authorization('authorize  web', { client_id: 'web', redirect_uri: 'https://web.example/cb', scope: 'openid', prompt: 'none' }),
  {
    label: 'token authorization_code spa',
    ready: async (world) => ({ code: answerOf(await ask(world, await signedIn(world))).get('code') ?? '' }),
    send: async (world, { code = '' }) =>
      outcome(
        await postToken(world, {
          grant_type: 'authorization_code',
          client_id: 'spa',
          redirect_uri: 'https://app.example/cb',
          code,
          code_verifier: VERIFIER,
        }),
      ),
  },
  {
    label: 'token refresh_token spa',
    ready: async (world) => ({ token: String((await tokensOf(world, { scope: 'openid read write' }))['refresh_token']) }),
    send: async (world, { token = '' }) =>
      outcome(await postToken(world, { grant_type: 'refresh_token', client_id: 'spa', refresh_token: token })),
  },
  refreshing('web', SECRETS.web),
  refreshing('still', LEGACY),
  device,
  // These are refused.
  {
    label: 'token client_credentials third',
    ready: nothing,
    send: async (world) =>
      outcome(
        await postToken(world, { grant_type: 'client_credentials', client_id: 'third', client_secret: SECRETS.third, scope: 'read' }),
      ),
  },
  {
    label: 'token client_credentials newcomer',
    ready: nothing,
    send: async (world) =>
      outcome(await postToken(world, { grant_type: 'client_credentials', client_id: 'newcomer', client_secret: LEGACY })),
  },
  authorization('authorize  native', { client_id: 'native', redirect_uri: 'com.example.other:/cb' }),
];

/** Errands done before a change and after it, and what the replay between them foretold. */
export interface Foretold {
  readonly told: Replay;
  /** Of whom something became otherwise, as the replay says it: change, label, check. */
  readonly foretold: readonly string[];
  /** Errands of which something else became: label, before, after. */
  readonly came: readonly string[];
}

/** What was asked of the world until now, judged by that configuration. */
export async function replayed(world: World, yaml: string, builtIn: Parameters<typeof replay>[2] = []): Promise<Replay> {
  await world.ctx.history.flush(world.clock.nowMs());
  const config = readConfig({ text: `issuer: https://id.example\nmode: test\n${yaml}`, file: 'changed.yaml', env: {} });
  return replay({ ...world.ctx, config }, { from: world.now() - 3600, until: world.now() }, builtIn);
}

export async function foretell(changed: string, errands: readonly Errand[] = ERRANDS): Promise<Foretold> {
  const store = await openMemory();
  const before = await openWorld({ store, yaml: REPLAY_YAML });
  const was = new Map<string, string>();
  const made = new Map<string, Readonly<Record<string, string>>>();
  for (const errand of errands) was.set(errand.label, await errand.send(before, await errand.ready(before)));
  const told = await replayed(before, changed);
  for (const errand of errands) made.set(errand.label, await errand.ready(before));
  const after = await openWorld({ store, yaml: changed });
  const came: string[] = [];
  for (const { label, send } of errands) {
    const is = await send(after, made.get(label) ?? {});
    if (is !== was.get(label)) came.push(`${label}: ${was.get(label)} → ${is}`);
  }
  await before.close();
  await after.close();
  await store.close();
  const { differences } = told;
  const foretold = differences.map(
    ({ change, endpoint, grantType, clientId, check }) => `${change} ${endpoint} ${grantType} ${clientId}: ${check}`,
  );
  return { told, foretold: foretold.toSorted(), came: came.toSorted() };
}
