import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import axios from 'axios';
import { memoryPlace } from '../storage/memory.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { FakeServer, failure } from '../testing/fake-server.ts';
import type { SessionEvents } from './listeners.ts';
import { interceptAxios } from './session-axios.ts';
import { type SessionFetchOptions, sessionFetch } from './session-fetch.ts';
import { TokenSession } from './token-session.ts';

interface Seen {
  readonly authorization: string | undefined;
  readonly dpop: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** An API that says what its test wants to hear. */
let api: Server;
let other: Server;
let origin = '';
let otherOrigin = '';
let seen: Seen[] = [];
let answer: (request: Seen) => { readonly status: number; readonly headers?: Readonly<Record<string, string>> } = () => ({ status: 200 });

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

function start(): Server {
  return createServer((request, reply) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { authorization, dpop } = request.headers;
      const one = {
        authorization,
        dpop: dpop?.toString(),
        method: request.method ?? '',
        path: request.url ?? '',
        body: Buffer.concat(chunks).toString(),
      };
      seen.push(one);
      const { status, headers = {} } = answer(one);
      reply.writeHead(status, headers).end('{"ok":true}');
    });
  });
}

before(async () => {
  api = start();
  other = start();
  origin = await listen(api);
  otherOrigin = await listen(other);
});
after(() => {
  for (const server of [api, other]) {
    server.close();
    server.closeAllConnections();
  }
});
beforeEach(() => {
  seen = [];
  answer = () => ({ status: 200 });
});

const INVALID = { status: 401, headers: { 'www-authenticate': 'Bearer realm="api", error="invalid_token"' } };

interface World {
  readonly session: TokenSession;
  readonly server: FakeServer;
  readonly clock: FakeClock;
  /** A request by the way that is tested; its status, or what it threw. */
  readonly send: (path: string, body?: string) => Promise<number>;
}

const WAYS: readonly (readonly [string, (session: TokenSession, options: SessionFetchOptions) => World['send']])[] = [
  [
    'fetch',
    (session, options) => {
      const fetching = sessionFetch(session, options);
      return async (path, body) => (await fetching(new URL(path, origin), body === undefined ? {} : { method: 'POST', body })).status;
    },
  ],
  [
    'axios',
    (session, options) => {
      const instance = axios.create({ baseURL: origin });
      interceptAxios(instance, session, options);
      return async (path, body) => {
        const config = { url: path, ...(body === undefined ? {} : { method: 'POST', data: body }) };
        const reply = await instance.request(config).catch((error: unknown) => {
          if (axios.isAxiosError(error) && error.response !== undefined) return error.response;
          throw error;
        });
        return reply.status;
      };
    },
  ],
];

for (const [way, make] of WAYS) {
  describe(`${way} with the tokens of a session`, () => {
    async function world(options: Partial<SessionFetchOptions> = {}, type: 'Bearer' | 'DPoP' = 'Bearer'): Promise<World> {
      const clock = new FakeClock();
      const server = new FakeServer(clock);
      const session = new TokenSession({ issuer: 'https://as.example', clientId: 'app', place: memoryPlace(), renewer: server, clock });
      const key =
        type === 'DPoP'
          ? { dpopKey: await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']) }
          : {};
      await session.signedIn({ ...(await server.signIn()), tokenType: type, ...key });
      // Older than the 30 seconds in which a 401 is not about age.
      await clock.advance(60_000);
      return { session, server, clock, send: make(session, { audiences: [origin], ...options }) };
    }

    test('shows them to the API that is named and to nobody else (RFC 6750 §2.1)', async () => {
      const { send } = await world();
      assert.equal(await send('/a?b=c', 'text'), 200);
      assert.equal(await send(`${otherOrigin}/x`), 200);
      assert.deepEqual(
        seen.map(({ authorization, path, body }) => [authorization, path, body]),
        [
          ['Bearer access-1', '/a?b=c', 'text'],
          [undefined, '/x', ''],
        ],
      );
    });

    test('asks for what the API is for (RFC 8707 §2)', async () => {
      const { send, server } = await world({ audiences: [{ origin, resource: 'https://api.example/', scopes: ['read'] }] });
      await send('/');
      assert.deepEqual([server.contexts[0]?.resource, server.contexts[0]?.scope], ['https://api.example/', 'read']);
    });

    for (const [what, challenge] of [
      ['invalid_token', 'Bearer error="invalid_token", error_description="it is, \\"over\\""'],
      ['a bare challenge', 'Bearer realm="api"'],
      ['a bare challenge without anything', 'Bearer'],
      ['one among others', 'Basic realm="a, b", Bearer error=invalid_token, Digest nonce="x=="'],
    ] as const) {
      test(`renews at a 401 with ${what}, and sends the request again as it was (RFC 6750 §3.1)`, async () => {
        const { send, server } = await world();
        answer = ({ authorization }) =>
          authorization === 'Bearer access-1' ? { status: 401, headers: { 'www-authenticate': challenge } } : { status: 200 };
        assert.equal(await send('/a', 'the body'), 200);
        assert.deepEqual(
          seen.map(({ authorization, body, method }) => [authorization, body, method]),
          [
            ['Bearer access-1', 'the body', 'POST'],
            ['Bearer access-2', 'the body', 'POST'],
          ],
        );
        assert.equal(server.used.length, 1);
      });
    }

    for (const [what, headers] of [
      ['another error', { 'www-authenticate': 'Bearer error="insufficient_scope"' }],
      ['another scheme', { 'www-authenticate': 'Basic realm="api"' }],
      ['a word that is only a parameter', { 'www-authenticate': 'Basic bearer="x"' }],
      ['no challenge', {}],
      ['a challenge of more than 8 KiB', { 'www-authenticate': `Bearer realm="${'x'.repeat(9_000)}"` }],
    ] as const) {
      test(`surfaces a 401 with ${what}`, async () => {
        const { send, server } = await world();
        answer = () => ({ status: 401, headers });
        assert.equal(await send('/'), 401);
        assert.deepEqual([seen.length, server.used.length], [1, 0]);
      });
    }

    test('renews at a 401 without a challenge only where that is asked for', async () => {
      const { send, server } = await world({ unlabelled: 'renew' });
      answer = ({ authorization }) => ({ status: authorization === 'Bearer access-1' ? 401 : 200 });
      assert.equal(await send('/'), 200);
      assert.equal(server.used.length, 1);
    });

    test('surfaces a 401 for the new token, and the next one: no API makes it renew for ever (attacks SDK-07)', async () => {
      const { send, server } = await world();
      answer = () => INVALID;
      assert.equal(await send('/'), 401);
      assert.equal(await send('/'), 401);
      assert.deepEqual([seen.length, server.used.length], [3, 1]);
    });

    test('renews once for 50 requests that are refused at once', async () => {
      const { send, server } = await world();
      answer = ({ authorization }) => (authorization === 'Bearer access-1' ? INVALID : { status: 200 });
      const statuses = await Promise.all(Array.from({ length: 50 }, () => send('/')));
      assert.deepEqual(new Set(statuses), new Set([200]));
      assert.equal(server.used.length, 1);
    });

    test('surfaces the 401 where the session is over', async () => {
      const { send, server, session } = await world();
      answer = () => INVALID;
      server.before = () => {
        throw failure({ kind: 'refused', code: 'invalid_grant', status: 400 });
      };
      const ended = new Promise((resolve) => session.on('expired', resolve));
      assert.equal(await send('/'), 401);
      await ended;
    });

    test('hears nothing about its tokens from whoever a redirect leads to', async () => {
      const { send, server, session } = await world();
      const told: SessionEvents['step_up'][] = [];
      session.on('step_up', (event) => told.push(event));
      for (const error of ['invalid_token', 'insufficient_user_authentication']) {
        answer = ({ path }) =>
          path === '/away'
            ? { status: 302, headers: { location: `${otherOrigin}/there` } }
            : { status: 401, headers: { 'www-authenticate': `Bearer error="${error}"` } };
        assert.equal(await send('/away'), 401);
      }
      assert.deepEqual([server.used, told, seen.length], [[], [], 4]);
      answer = ({ path, authorization }) =>
        path === '/away'
          ? { status: 302, headers: { location: '/there' } }
          : authorization === 'Bearer access-1'
            ? INVALID
            : { status: 200 };
      assert.equal(await send('/away'), 200, 'the API itself is heard');
    });

    test('tells of a step-up and renews nothing (RFC 9470 §3)', async () => {
      const { send, server, session } = await world();
      const told: SessionEvents['step_up'][] = [];
      session.on('step_up', (event) => told.push(event));
      const challenge = 'Bearer error="insufficient_user_authentication", acr_values="phr mfa", max_age="60"';
      answer = () => ({ status: 401, headers: { 'www-authenticate': challenge } });
      assert.equal(await send('/pay'), 401);
      assert.deepEqual(told, [{ acrValues: 'phr mfa', maxAge: 60, url: `${origin}/pay` }]);
      assert.equal(server.used.length, 0);
    });

    test('proves its key, and once more with the nonce that the API wants, which it keeps (RFC 9449 §7.1, §9)', async () => {
      const proofs: (string | undefined)[] = [];
      const { send } = await world(
        {
          prove: async (_key, { method, url, accessToken, nonce }) => {
            proofs.push(nonce);
            return `proof of ${method} ${new URL(url).pathname} ${accessToken} ${nonce}`;
          },
        },
        'DPoP',
      );
      const wanting = { status: 401, headers: { 'www-authenticate': 'DPoP error="use_dpop_nonce", algs="ES256"', 'dpop-nonce': 'n1' } };
      answer = ({ dpop }) => (dpop?.endsWith('n1') ? { status: 200 } : wanting);
      assert.equal(await send('/a', 'body'), 200);
      assert.equal(await send('/b'), 200);
      assert.deepEqual(
        seen.map(({ authorization, dpop, body }) => [authorization, dpop, body]),
        [
          ['DPoP access-1', 'proof of POST /a access-1 undefined', 'body'],
          ['DPoP access-1', 'proof of POST /a access-1 n1', 'body'],
          ['DPoP access-1', 'proof of GET /b access-1 n1', ''],
        ],
      );
      answer = () => wanting;
      assert.equal(await send('/c'), 401, 'a nonce that is known already is no reason to ask again');
      assert.equal(seen.length, 4);
    });

    test('sends each of some requests side by side again with the nonce that they lacked (RFC 9449 §9)', async () => {
      const first: (() => void)[] = [];
      const prove = async (_key: CryptoKeyPair, { nonce }: { readonly nonce?: string | undefined }): Promise<string> => {
        // None is sent before all three are made.
        if (nonce === undefined) await new Promise<void>((resolve) => first.push(resolve) === 3 && first.forEach((go) => void go()));
        return `${nonce}`;
      };
      const { send } = await world({ prove }, 'DPoP');
      const wanting = { status: 401, headers: { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'n1' } };
      answer = ({ dpop }) => (dpop === 'n1' ? { status: 200 } : wanting);
      assert.deepEqual(await Promise.all([send('/a'), send('/b'), send('/c')]), [200, 200, 200]);
      assert.equal(seen.length, 6);
    });

    test('is told of a mistake: what is no origin, an origin that is there twice, and a bound token without what proves it', async () => {
      await assert.rejects(world({ audiences: [`${origin}/path`] }), TypeError);
      // Whichever came last would have the other's token.
      await assert.rejects(world({ audiences: [{ origin, resource: 'https://api.example/a' }, origin] }), TypeError);
      const { send } = await world({}, 'DPoP');
      await assert.rejects(send('/'), TypeError);
      assert.equal(seen.length, 0);
    });
  });
}

describe('fetch with the tokens of a session', () => {
  test('sends a stream once, leaves what its caller has signed, and ends with its signal', async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const session = new TokenSession({ issuer: 'https://as.example', clientId: 'app', place: memoryPlace(), renewer: server, clock });
    await session.signedIn(await server.signIn());
    await clock.advance(60_000);
    const send = sessionFetch(session, { audiences: [origin] });
    answer = () => INVALID;
    const init = { method: 'POST', body: new Blob(['streamed']).stream(), duplex: 'half' };
    assert.equal((await send(origin, init)).status, 401);
    assert.deepEqual([seen.length, seen[0]?.body], [1, 'streamed']);
    await send(origin, { headers: { authorization: 'Bearer mine' } });
    assert.equal(seen[1]?.authorization, 'Bearer mine');
    await assert.rejects(send(origin, { signal: AbortSignal.abort(new Error('gone')) }), /gone/);
  });
});
