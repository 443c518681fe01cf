import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Wire } from '@hufu/gateway/testing/proxy-world';
import { Secret } from '@hufu/server/config/secret';
import { until } from '@hufu/store/contract/until';
import { type RunningEdge, runEdge } from '../../packages/hufu/src/edge/run-edge.ts';
import { EdgeBrowser } from '../support/edge/edge-browser.ts';
import { startStreamsBehind } from '../support/edge/upstreams.ts';
import { type EdgeExample, MEI, startEdgeExample } from '../support/edge-example.ts';

const COOKIES = '    keep: cookie\n    renewals: database\n    idle: 20d\n';
const [FIRST, SECOND] = ['first-secret-0123456789abcdef0123456789', 'second-secret-0123456789abcdef012345678'] as const;
const TABS = 20;

/** How a further gateway differs from those of the example. */
interface Changes {
  readonly name?: string;
  readonly secrets?: readonly string[];
  /** Its newer sessions are in its own memory, and gone with it. */
  readonly renewals?: 'memory';
}

/** A gateway more, on the port where `use` finds it. */
async function withGateway(edge: EdgeExample, changes: Changes, use: (port: number) => Promise<void>): Promise<void> {
  const { config, log } = edge.hufu.context;
  const { gateway = assert.fail('no gateway') } = config;
  const { session = assert.fail('no session') } = gateway;
  const { secrets, renewals = session.renewals, name = gateway.name } = changes;
  const written = {
    ...gateway,
    name,
    session: { ...session, renewals },
    ...(secrets !== undefined && { secrets: secrets.map((text) => new Secret(text)) }),
    listen: { host: '127.0.0.1', port: 0 },
  };
  const running: RunningEdge = await runEdge(config, written, log, edge.hufu.context);
  try {
    await use(running.port);
  } finally {
    await running.close();
  }
}

function pieces({ jar }: EdgeBrowser): readonly (readonly [string, string])[] {
  return [...jar].filter(([name]) => /^__Host-Http-hufu-[\w-]{8}(?:-1)?$/.test(name)).toSorted(([a], [b]) => a.length - b.length);
}

describe('GTW and SES: sessions that their browsers keep', () => {
  let edge: EdgeExample;
  let other: number;
  before(async () => {
    edge = await startEdgeExample(COOKIES);
    other = Number(new URL(edge.other).port);
  });
  after(async () => {
    await edge?.stop();
  });

  const browser = (): EdgeBrowser => new EdgeBrowser(edge.app, edge.issuer);
  async function signedIn(): Promise<EdgeBrowser> {
    const one = browser();
    await one.signIn(MEI);
    return one;
  }
  /** What a request with exactly these cookies comes to. */
  async function statusOf(cookie: string, port?: number): Promise<number> {
    return (await browser().call('/api/notes', { headers: { cookie }, ...(port !== undefined && { port }) })).status;
  }
  /** A gateway that has just started hears of revocations a moment later, and says 503 until then; nothing passes meanwhile. */
  async function isRefused(cookie: string, port: number): Promise<void> {
    await until(async () => {
      const status = await statusOf(cookie, port);
      assert.ok(status === 401 || status === 503, `${status}`);
      return status === 401;
    });
  }
  async function isFound(cookie: string, port: number): Promise<void> {
    await until(async () => {
      const status = await statusOf(cookie, port);
      assert.ok(status === 200 || status === 503, `${status}`);
      return status === 200;
    });
  }

  test(`GTW-10 · ${TABS} tabs with one cookie at two gateways renew once, and an older cookie of the session signs nobody out (RFC 9700 §4.14.2)`, async () => {
    const one = await signedIn();
    const first = one.cookie;
    edge.asked = [];
    for (let round = 1; round <= 3; round += 1) {
      await edge.hufu.advance('PT1H');
      // From the second round on nobody has the newest cookie: each round comes with the very first.
      const answers = await Promise.all(
        Array.from({ length: TABS }, async (_, tab) =>
          browser().call('/api/notes', { headers: { cookie: first }, ...(tab % 2 === 1 && { port: other }) }),
        ),
      );
      assert.deepEqual(
        answers.map(({ status }) => status),
        answers.map(() => 200),
      );
      assert.deepEqual(
        edge.asked.map(({ grant }) => grant),
        Array.from({ length: round }, () => 'refresh_token'),
      );
      for (const { setCookies } of answers) assert.ok(setCookies.length > 0, 'each of them is told the newest');
    }
    await one.call('/api/notes');
    assert.notEqual(one.cookie, first);
    for (const cookie of [first, one.cookie]) for (const port of [undefined, other]) assert.equal(await statusOf(cookie, port), 200);
    assert.equal(edge.asked.length, 3);
  });

  test('GTW-10 · after a sign-out no cookie that the session ever had is worth anything, at any gateway, also one that has forgotten it (draft-ietf-oauth-browser-based-apps §6.1.3.2)', async () => {
    const one = await signedIn();
    const cookies = [one.cookie];
    await edge.hufu.advance('PT1H');
    await one.call('/api/notes');
    cookies.push(one.cookie);
    assert.equal(new Set(cookies).size, 2);
    for (const cookie of cookies) assert.equal(await statusOf(cookie, other), 200);
    assert.equal((await one.call('/edge/logout', { method: 'POST' })).status, 200);
    for (const cookie of cookies) {
      assert.equal(await statusOf(cookie), 401);
      await until(async () => (await statusOf(cookie, other)) === 401);
    }
    // One that starts now, with the same store; and one that has nothing but the cookie and the issuer's word.
    for (const renewals of [undefined, 'memory'] as const)
      await withGateway(edge, renewals === undefined ? {} : { renewals }, async (port) => {
        for (const cookie of cookies) await isRefused(cookie, port);
      });
    // The tombstone falls after a day, the session would last for twenty.
    await edge.hufu.advance('P2D');
    for (const cookie of cookies) {
      for (const port of [undefined, other]) assert.equal(await statusOf(cookie, port), 401);
      await withGateway(edge, { renewals: 'memory' }, async (port) => isRefused(cookie, port));
    }
    assert.equal((await browser().who())['signed_in'], false);
  });

  test('GTW-10 · what is left of a session after its time opens nothing, at a gateway that never saw it either', async () => {
    const one = await signedIn();
    await edge.hufu.advance('P21D');
    for (const port of [undefined, other]) assert.equal(await statusOf(one.cookie, port), 401);
    await withGateway(edge, { renewals: 'memory' }, async (port) => isRefused(one.cookie, port));
  });

  test('GTW-08 · GTW-23 · a cookie of another key ring, edge or name is nobody’s', async () => {
    const one = await signedIn();
    const { name, value } = one.session;
    // The same client, and so the same name of a cookie; another secret.
    for (const at of edge.alone) assert.equal(await statusOf(one.cookie, Number(new URL(at).port)), 401);
    for (const bad of [name.slice(0, -1) + (name.endsWith('A') ? 'B' : 'A'), `${name}-1`, name.toLowerCase()])
      for (const port of [undefined, other]) assert.equal(await statusOf(`${bad}=${value}`, port), 401, bad);
    // The same secret and client, at an edge of another name: it hears of no sign-out here.
    const elsewhere = browser();
    await withGateway(edge, { name: 'one', secrets: [FIRST] }, async (port) => {
      const callback = await elsewhere.begin(MEI);
      // The sign-in that another edge has begun is none here.
      assert.match(String((await elsewhere.ask(callback, { port })).headers.location), /edge_error=/);
      assert.equal(await statusOf(one.cookie, port), 401);
    });
    await signInAt(edge, { name: 'one', secrets: [FIRST] }, async (cookie, own) => {
      await isFound(cookie, own);
      await withGateway(edge, { name: 'two', secrets: [FIRST] }, async (port) => isRefused(cookie, port));
      await withGateway(edge, { name: 'one', secrets: [SECOND] }, async (port) => isRefused(cookie, port));
      await withGateway(edge, { name: 'one', secrets: [FIRST] }, async (port) => isFound(cookie, port));
    });
  });

  test('GTW-10 · keys of the edge are changed: what the former ones have sealed is read as long as they are there, and no longer', async () => {
    await signInAt(edge, { name: 'ring', secrets: [FIRST], renewals: 'memory' }, async (cookie) => {
      const ring = { name: 'ring', renewals: 'memory' } as const;
      await withGateway(edge, { ...ring, secrets: [SECOND, FIRST] }, async (port) => isFound(cookie, port));
      await withGateway(edge, { ...ring, secrets: [SECOND] }, async (port) => isRefused(cookie, port));
      // Whoever goes back has lost nothing.
      await withGateway(edge, { ...ring, secrets: [FIRST] }, async (port) => isFound(cookie, port));
    });
  });

  test('GTW-10 · who comes to a gateway after its start is signed in as before, from the cookie alone', async () => {
    await signInAt(edge, { renewals: 'memory' }, async (cookie) => {
      await withGateway(edge, { renewals: 'memory' }, async (port) => isFound(cookie, port));
    });
  });

  /** Signs in at a gateway of its own. */
  async function signInAt(at: EdgeExample, changes: Changes, use: (cookie: string, port: number) => Promise<void>): Promise<void> {
    await withGateway(at, changes, async (port) => {
      const one = browser();
      const begun = await one.ask('/edge/login', { port });
      let page = await one.agent.get(String(begun.headers.location));
      for (let steps = 0; steps < 6 && !page.location.startsWith(at.app); steps += 1)
        page = page.location === '' ? await one.agent.submit(page, MEI) : await one.agent.get(page.location);
      const back = await one.ask(page.location.slice(at.app.length), { port });
      assert.equal(back.headers.location, '/', back.body);
      await use(one.cookie, port);
    });
  }
});

for (const [who, more] of [
  ['the gateways keep', ''],
  ['their browsers keep', '    keep: cookie\n    renewals: database\n'],
] as const)
  describe(`GTW: streams in sessions that ${who}`, () => {
    let streams: Awaited<ReturnType<typeof startStreamsBehind>>;
    let edge: EdgeExample;
    before(async () => {
      streams = await startStreamsBehind();
      edge = await startEdgeExample(`${more}    idle: 5m\n`, (yaml) =>
        yaml.replace('${SERVICE_URL:-http://localhost:3000}', `http://127.0.0.1:${streams.port}`),
      );
    });
    after(async () => {
      await edge?.stop();
      await streams?.close();
    });

    test('GTW-21 · what is open in a session that nobody uses ends with it at every gateway, and goes on while another gateway sees it used', async () => {
      const [idle, used] = [new EdgeBrowser(edge.app, edge.issuer), new EdgeBrowser(edge.app, edge.issuer)];
      for (const one of [idle, used]) await one.signIn(MEI);
      const elsewhere = Number(new URL(edge.other).port);
      const ports = [Number(new URL(edge.app).port), elsewhere];
      const { host } = new URL(edge.app);
      const open = async ({ cookie }: EdgeBrowser): Promise<readonly Wire[]> => {
        const head = `GET /api/notes HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\nX-CSRF: 1\r\n\r\n`;
        const wires = ports.map((port) => new Wire(port).send(head));
        for (const wire of wires) await wire.hears('hi');
        return wires;
      };
      const [unseen, seen] = [await open(idle), await open(used)];
      await edge.hufu.advance('PT4M');
      // Its use is noted at one gateway alone, and nobody waits for the note.
      await used.call('/edge/session', { port: elsewhere });
      await until(async () => JSON.parse((await used.call('/edge/session?slide=false')).body)['expires_in'] > 200);
      await edge.hufu.advance('PT2M');
      for (const wire of unseen) await wire.closed();
      assert.deepEqual(
        seen.map(({ isClosed }) => isClosed),
        [false, false],
      );
      assert.equal((await idle.who())['signed_in'], false);
      assert.equal(JSON.parse((await used.call('/edge/session?slide=false')).body)['signed_in'], true, 'and is no use of it');
      await edge.hufu.advance('PT4M');
      for (const wire of seen) await wire.closed();
      await until(async () => streams.open() === 0);
      for (const at of [undefined, elsewhere]) assert.equal((await used.who(at))['signed_in'], false);
    });
  });

describe('GTW: sessions in two pieces', () => {
  let edge: EdgeExample;
  before(async () => {
    edge = await startEdgeExample(COOKIES, (yaml) => yaml.replace('name: Mei Lin', `name: ${'m'.repeat(1_000)}`));
  });
  after(async () => {
    await edge?.stop();
  });

  test('GTW-10 · pieces that are missing, swapped, twice there, cut, grown or of another session are no session, and none is answered (draft-ietf-oauth-browser-based-apps §6.1.3.2)', async () => {
    const [one, another] = [new EdgeBrowser(edge.app, edge.issuer), new EdgeBrowser(edge.app, edge.issuer)];
    for (const each of [one, another]) await each.signIn(MEI);
    const [[name, first], [more, second]] = twoOf(pieces(one));
    const [[, otherFirst], [, otherSecond]] = twoOf(pieces(another));
    const both = (a: string, b: string): string => `${name}=${a}; ${more}=${b}`;
    const bad = [
      `${name}=${first}`,
      `${more}=${second}`,
      both(first, otherSecond),
      both(otherFirst, second),
      both(second, first),
      both(`2.${second}`, first.slice(2)),
      both(first, ''),
      both(first, first),
      both(`1.${first.slice(2)}`, second),
      both(`3.${first.slice(2)}`, second),
      both(`0.${first.slice(2)}`, second),
      both(first, second.slice(0, -1)),
      both(first, `${second}A`),
      both(first, `${second}${'A'.repeat(3_800)}`),
      both(`${first}${second}`, ''),
      both(first.slice(0, -1), `${first.slice(-1)}${second}`).replace('2.', '1.'),
      `${both(first, second)}; ${more}=${second}`,
      `${both(first, second)}; ${more}=${otherSecond}`,
      `${name}=${first}; ${more.slice(0, -1)}2=${second}`,
      both(first, second).toUpperCase(),
    ];
    const port = Number(new URL(edge.app).port);
    const { host } = new URL(edge.app);
    const ask = async (lines: readonly string[]): Promise<string> => {
      const cookies = lines.map((line) => `Cookie: ${line}\r\n`).join('');
      const wire = new Wire(port).send(`GET /api/notes HTTP/1.1\r\nHost: ${host}\r\nX-CSRF: 1\r\nConnection: close\r\n${cookies}\r\n`);
      return await wire.closed();
    };
    for (const cookie of bad) assert.match(await ask([cookie]), /^HTTP\/1\.1 401 /, cookie.slice(0, 120));
    for (const lines of [[`${both(first, second)}; ${name}=${first}`], [both(first, second), both(otherFirst, otherSecond)]])
      assert.match(await ask(lines), /^HTTP\/1\.1 400 /, 'twice is nobody’s');
    // Whoever brings more than fits is told so, and signed out by nobody.
    assert.match(await ask([`${both(first, second)}; a=${'x'.repeat(16_000)}`]), /^HTTP\/1\.1 431 /);
    for (const lines of [[both(first, second)], [`${more}=${second}; ${name}=${first}`], [`${name}=${first}`, `${more}=${second}`]])
      assert.match(await ask(lines), /^HTTP\/1\.1 200 /, 'a browser may send them in any order');
  });
});

type Piece = readonly [string, string];

function twoOf(all: readonly Piece[]): readonly [Piece, Piece] {
  const [first = assert.fail('no cookie'), second = assert.fail('one cookie alone'), ...rest] = all;
  assert.equal(rest.length, 0);
  return [first, second];
}
