import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROLES, type Role } from '@hufu/protocol/admin/roles';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { Agent } from './agent.ts';
import { keepLedger } from './console-ledger.ts';
import { freePort } from './hufu.ts';
import { type HufuProcess, startProcess } from './hufu-process.ts';

/** A server with its console, as `hufu start` runs it, and something of everything to look at. */
export interface ConsoleWorld {
  readonly origin: string;
  readonly hufu: HufuProcess;
  /** A call of the admin API by a program with every role below owner. */
  admin(method: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>>;
  /** Opens a page of the console as a user of that role. */
  signIn(context: BrowserContext, role: Role | 'nobody', path?: string): Promise<Page>;
  /** Starts another node of the same platform, on the same database. */
  another(): Promise<HufuProcess>;
  /** Moves the clock of the server. */
  advance(duration: string): Promise<void>;
  stop(): Promise<void>;
}

const SECRET = 'console-test-secret-0123456789abcdef01';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
export const PASSWORD = 'correct horse battery staple';

const yamlOf = (issuer: string): string => `
clients:
  - { client_id: ops, client_secret: ${SECRET}, grant_types: [client_credentials], scope: 'hufu:admin:security' }
  - client_id: notes
    client_name: Tiger Notes
    client_name#zh-CN: 虎记
    client_secret: ${SECRET}
    redirect_uris: ["${issuer}/nowhere"]
    grant_types: [authorization_code, refresh_token]
    scope: openid notes:read notes:write files:read offline_access
    hufu: { first_party: true }
  - client_id: notes-api
    client_name: Notes API
    client_secret: ${SECRET}
    grant_types: ['${EXCHANGE}']
    hufu: { resource_server_of: [https://notes.example/], token_exchange: { audiences: [https://files.example/], scopes: [files:read] }, follows_revocations: true }
  - { client_id: robot, client_name: Night Watch, client_secret: ${SECRET}, grant_types: [client_credentials], scope: notes:read }
resources:
  - { identifier: https://notes.example/, scopes: [notes:read, notes:write, files:read] }
  - { identifier: https://files.example/, scopes: [files:read], token_format: opaque, token_ttl: 5m }
users:
${[...ROLES, 'nobody'].map((role) => `  - { username: ${role}, password: ${PASSWORD}, claims: { sub: sub-${role}, name: ${role} example, email: ${role}@example.com, email_verified: true } }`).join('\n')}
policies:
  administrators: { ${ROLES.map((role) => `${role}: ${role}`).join(', ')} }
  registration: open
  outbound: { allow_hosts: [127.0.0.1] }
limits: { rules: { watch: { limit: 5, period: 1m, key: [address], match: { routes: [/oauth/userinfo] }, shadow: true } } }
`;

export async function startConsoleWorld(): Promise<ConsoleWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'hufu-console-'));
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const options = { directory, issuer: origin, database: `sqlite:${directory}/hufu.db`, mode: 'test', yaml: yamlOf(origin) } as const;
  const hufu = await startProcess({ ...options, port });
  const post = async (path: string, fields: Record<string, string>, client: string): Promise<Readonly<Record<string, unknown>>> => {
    const authorization = `Basic ${btoa(`${client}:${SECRET}`)}`;
    const reply = await fetch(origin + path, { method: 'POST', headers: { authorization }, body: new URLSearchParams(fields) });
    const text = await reply.text();
    return text === '' ? {} : Object(JSON.parse(text));
  };
  const world: ConsoleWorld = {
    origin,
    hufu,
    async admin(method, path, body) {
      // Anew each time: the clock may have been moved.
      const { access_token } = await post('/oauth/token', { grant_type: 'client_credentials', scope: 'hufu:admin:security' }, 'ops');
      const reply = await fetch(`${origin}/admin/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${String(access_token)}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await reply.text();
      const read: Record<string, unknown> = text === '' ? {} : Object(JSON.parse(text));
      if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
      return read;
    },
    async signIn(context, role, path = '/console') {
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      await keepLedger(page);
      await page.goto(origin + path);
      await fillIn(page, role);
      return page;
    },
    async another() {
      return await startProcess({ ...options, port: await freePort() });
    },
    async advance(duration) {
      const reply = await fetch(`${origin}/test/clock`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ advance: duration }),
      });
      if (reply.status !== 200) throw new Error(await reply.text());
    },
    async stop() {
      await hufu.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await seed(world, post).catch(async (error: unknown) => {
    await world.stop();
    throw error;
  });
  return world;
}

/** The form of the sign-in page. */
export async function fillIn(page: Page, username: string): Promise<void> {
  await page.waitForSelector('input[name=password]');
  if ((await page.locator('input[name=username]').count()) > 0 && (await page.locator('input[name=username]').isEditable()))
    await page.fill('input[name=username]', username);
  await page.fill('input[name=password]', PASSWORD);
  await page.click('#signin-submit');
  await page.waitForURL(/\/console/);
}

/** Says yes to the question that is open; where the sign-in is too long ago for it, as on a busy machine, after another one, which leads back to the question. */
export async function confirm(page: Page, username: string): Promise<void> {
  await page.waitForSelector('[data-testid=go], [data-testid=step-up]');
  if ((await page.locator('[data-testid=step-up]').count()) > 0) {
    await page.click('[data-testid=step-up]');
    await fillIn(page, username);
  }
  await page.click('[data-testid=go]');
}

/** Something of everything: users, clients, a grant with what came of it, refusals, revocations. */
async function seed(
  world: ConsoleWorld,
  post: (path: string, fields: Record<string, string>, client: string) => Promise<Readonly<Record<string, unknown>>>,
): Promise<void> {
  const people = ['alice', 'bob', 'carla', 'dmitri', 'elena', 'farid', 'gao', 'hui'];
  for (const username of people)
    await world.admin('POST', '/users', {
      username,
      claims: { name: `${username} example`, email: `${username}@example.org`, email_verified: true },
    });
  await world.admin('POST', '/clients', {
    metadata: {
      client_name: 'Tiger Reports',
      redirect_uris: ['https://reports.example/cb'],
      grant_types: ['authorization_code', 'refresh_token'],
    },
  });
  await fetch(`${world.origin}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Field Recorder <img src=x onerror=document.title=1>',
      redirect_uris: ['https://recorder.example/cb'],
      token_endpoint_auth_method: 'none',
    }),
  });
  const agent = new Agent(world.origin);
  const verifier = 'v'.repeat(43);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'notes',
    redirect_uri: `${world.origin}/nowhere`,
    scope: 'openid notes:read files:read',
    code_challenge: Buffer.from(digest).toString('base64url'),
    code_challenge_method: 'S256',
    state: 's',
  });
  const first = await agent.get(`/oauth/authorize?${query}`);
  const form = await agent.get(first.location);
  let at = await agent.submit(form, { username: 'nobody', password: PASSWORD });
  for (let steps = 0; steps < 4 && !at.location.includes('code='); steps++) at = await agent.get(at.location);
  const code = at.answer.get('code') ?? '';
  const issued = await post(
    '/oauth/token',
    { grant_type: 'authorization_code', code, redirect_uri: `${world.origin}/nowhere`, code_verifier: verifier },
    'notes',
  );
  for (let times = 0; times < 2; times++)
    await post(
      '/oauth/token',
      {
        grant_type: EXCHANGE,
        subject_token: String(issued['access_token']),
        subject_token_type: ACCESS_TOKEN,
        audience: 'https://files.example/',
      },
      'notes-api',
    );
  for (let times = 0; times < 7; times++)
    await post('/oauth/token', { grant_type: 'authorization_code', code: 'nonsense', redirect_uri: 'https://x.example/' }, 'notes');
  for (let times = 0; times < 3; times++) await post('/oauth/token', { grant_type: 'client_credentials', scope: 'other' }, 'robot');
  await post('/oauth/token', { grant_type: 'password' }, 'robot');
  await world.admin('POST', '/users/sub-read/revoke');
  await fetch(`${world.origin}/oauth/revocations`, { headers: { authorization: `Basic ${btoa(`notes-api:${SECRET}`)}` } }).then((reply) =>
    reply.body?.cancel(),
  );
}

/** A new context, as people have browsers. */
export function openContext(
  browser: Browser,
  more: { readonly locale?: string; readonly width?: number; readonly dark?: boolean } = {},
): Promise<BrowserContext> {
  const { locale = 'en', width = 1280, dark = false } = more;
  return browser.newContext({ locale, viewport: { width, height: width < 500 ? 780 : 900 }, colorScheme: dark ? 'dark' : 'light' });
}
