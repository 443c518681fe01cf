import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ADMIN_SCOPES, ROLES, scopeOf } from '@hufu/protocol/admin/roles';
import { DEVICE_CODE } from '@hufu/protocol/grant-type';
import { runCli } from '../../packages/hufu/src/run-cli.ts';
import { Agent, postForm } from './agent.ts';
import { startHufu, type TestHufu } from './hufu.ts';
import { hufuEnvironment, MAIN } from './hufu-process.ts';

export const SECRET = 'ops-secret-0123456789abcdef01234567';
const PASSWORD = 'a tally in two halves';

/** A server with `hufu-cli`, a user (`u-read`, …) and a program (`ops-read`, …) for each role, and bob. */
const CLI_YAML = `
signing: { algorithms: [ES256] }
policies: { brute_force: off, outbound: { allow_hosts: [127.0.0.1] }, administrators: { ${ROLES.map((role) => `u-${role}: ${role}`).join(', ')} } }
clients:
  - client_id: hufu-cli
    client_name: Hufu CLI
    application_type: native
    token_endpoint_auth_method: none
    grant_types: ['${DEVICE_CODE}', refresh_token]
    scope: openid profile email offline_access ${ADMIN_SCOPES.join(' ')}
${ROLES.map((role) => `  - { client_id: ops-${role}, client_secret: ${SECRET}, grant_types: [client_credentials], scope: '${scopeOf(role)}' }`).join('\n')}
users:
${[...ROLES.map((role) => `u-${role}`), 'bob'].map((name) => `  - { username: ${name}, password: ${PASSWORD} }`).join('\n')}
`;

/** What a command wrote, and how it ended. */
export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CliWorld {
  readonly hufu: TestHufu;
  readonly folder: string;
  /** Signs a user in with `hufu login`, in a home of their own, as they would in a browser. */
  login(username: string, ...words: readonly string[]): Promise<Agent>;
  /** The same with a browser that has been there before. */
  loginAs(agent: Agent, username: string, ...words: readonly string[]): Promise<Agent>;
  /** Runs a command at that home. */
  run(username: string, ...words: readonly string[]): Promise<CliRun>;
  /** The same as a process of its own, that has no terminal. */
  spawn(username: string, ...words: readonly string[]): Promise<CliRun>;
  /** Runs a command with this environment alone. */
  runWith(env: Readonly<Record<string, string>>, ...words: readonly string[]): Promise<CliRun>;
  /** The token of a program for itself. */
  programToken(clientId: string, scope: string): Promise<string>;
  stop(): Promise<void>;
}

export async function openCliWorld(): Promise<CliWorld> {
  const hufu = await startHufu({ yaml: CLI_YAML });
  const folder = mkdtempSync(join(tmpdir(), 'hufu-cli-world-'));
  const homeOf = (username: string): Record<string, string> => ({ XDG_CONFIG_HOME: join(folder, username) });

  async function runWith(
    env: Readonly<Record<string, string>>,
    words: readonly string[],
    onLine: (line: string) => void = () => undefined,
  ): Promise<CliRun> {
    const out: string[] = [];
    const err: string[] = [];
    const code = await runCli(words, {
      env,
      out: (line) => {
        out.push(line);
        onLine(line);
      },
      err: (line) => err.push(line),
    });
    return { code, out: out.join('\n'), err: err.join('\n') };
  }

  async function loginAs(agent: Agent, username: string, ...words: readonly string[]): Promise<Agent> {
    let approved: Promise<void> | undefined;
    const ran = await runWith(homeOf(username), ['login', '--issuer', hufu.issuer, '--json', ...words], (line) => {
      const { verification_uri_complete: address, user_code: code } = JSON.parse(line);
      if (address !== undefined) approved = approve(agent, username, String(address), String(code));
    });
    await approved;
    assert.equal(ran.code, 0, ran.err);
    return agent;
  }

  return {
    hufu,
    folder,
    runWith: (env, ...words) => runWith(env, words),
    run: (username, ...words) => runWith(homeOf(username), words),
    async spawn(username, ...words) {
      const child = spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', MAIN, ...words], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...hufuEnvironment(), ...homeOf(username) },
      });
      const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
      return { code, out: out.trimEnd(), err: err.trimEnd() };
    },
    login: (username, ...words) => loginAs(new Agent(hufu.issuer), username, ...words),
    loginAs,
    async programToken(clientId, scope) {
      const reply = await postForm(`${hufu.origin}/oauth/token`, { grant_type: 'client_credentials', scope }, `${clientId}:${SECRET}`);
      assert.equal(reply.status, 200, JSON.stringify(reply.body));
      return String(reply.body['access_token']);
    },
    async stop() {
      await hufu.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function approve(agent: Agent, username: string, address: string, code: string): Promise<void> {
  let page = await agent.get(address);
  for (let steps = 0; steps < 8; steps++) {
    if (page.location !== '') page = await agent.get(page.location);
    else if (page.name === 'signin') page = await agent.submit(page, { username, password: PASSWORD });
    else if (page.name === 'device') page = await agent.submit(page, { user_code: code });
    else if (page.name === 'device-confirm') page = await agent.submit(page, { decision: 'allow' });
    else break;
  }
  assert.match(page.text, /Device connected/);
}
