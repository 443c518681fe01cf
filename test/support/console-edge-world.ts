import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROLES, type Role } from '@hufu/protocol/admin/roles';
import type { BrowserContext, Page } from 'playwright-core';
import { keepLedger } from './console-ledger.ts';
import { fillIn, PASSWORD } from './console-world.ts';
import { freePort } from './hufu.ts';
import { startProcess } from './hufu-process.ts';

/** A server whose hufu.yaml has a gateway with services, providers to sign in with, policies, and an appearance of its own. */
export interface ConsoleEdgeWorld {
  readonly origin: string;
  readonly edge: string;
  /** Opens a page of the console as a user of that role. */
  signIn(context: BrowserContext, role: Role, path?: string): Promise<Page>;
  stop(): Promise<void>;
}

/** In every place of the file that takes a secret. */
export const CANARY = 'canary-0123456789abcdef0123456789abcdef';

interface Ports {
  readonly edge: number;
  readonly service: number;
  readonly gone: number;
}

const yamlOf = ({ edge, service, gone }: Ports): string => `
users:
${ROLES.map((role) => `  - { username: ${role}, password: ${PASSWORD}, claims: { sub: sub-${role}, name: ${role} example } }`).join('\n')}
clients:
  - { client_id: edge, client_secret: ${CANARY}, redirect_uris: ["http://127.0.0.1:${edge}/edge/callback"], grant_types: [authorization_code, refresh_token], scope: openid }
resources:
  - { identifier: https://api.example/, scopes: ["notes:read", "notes:write"] }
policies:
  administrators: { ${ROLES.map((role) => `${role}: ${role}`).join(', ')} }
  sign_up: open
  passwords: { min_length: 20 }
  bot_check: { kind: proof_of_work, bits: 8 }
upstreams:
  - { name: corp, kind: oidc, label: Example Corp, issuer: https://login.corp.example, client_id: hufu, client_secret: ${CANARY}, link: verified_email, domains: [corp.example] }
  - { preset: github, name: github, client_id: gh, client_secret: ${CANARY}, create: true, enabled: false }
  - { name: staff, kind: ldap, url: ldaps://ldap.corp.example, base_dn: 'dc=corp,dc=example', bind_dn: 'cn=hufu,dc=corp,dc=example', bind_password: ${CANARY} }
gateway:
  listen: 127.0.0.1:${edge}
  origins: ["http://127.0.0.1:${edge}"]
  secret: ${CANARY}
  audience: https://api.example/
  limits: { rules: { per-address: { limit: 600, period: 1m, burst: 60, key: [address] } } }
  upstreams:
    notes: { targets: [{ url: "http://127.0.0.1:${service}", weight: 3 }, { url: "http://127.0.0.1:${gone}", tier: 1 }], check: { path: /up, interval: 1s } }
    reports: { targets: [{ url: "http://127.0.0.1:${gone}" }], retries: { attempts: 0 }, adaptive: { min: 2, max: 64 } }
  routes:
    - { name: notes, path: /notes, methods: [GET, POST], upstream: notes, token: user, scopes: { GET: ["notes:read"], POST: ["notes:write"] }, max_age: 12h }
    - { name: reports, path: /reports, upstream: reports, token: client, scopes: ["notes:read"] }
    - { name: free, path: /free, upstream: notes, token: none }
    - { name: broken, path: /broken, upstream: reports, token: none }
`;

export async function startConsoleEdgeWorld(more = ''): Promise<ConsoleEdgeWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'hufu-console-edge-'));
  const service = createServer((_, response) => response.end('fine'));
  await new Promise<void>((resolve) => {
    service.listen(0, '127.0.0.1', resolve);
  });
  const port = await freePort();
  const ports = { edge: await freePort(), service: (service.address() as AddressInfo).port, gone: await freePort() };
  const origin = `http://localhost:${port}`;
  const stopService = (): void => {
    service.closeAllConnections();
    service.close();
    rmSync(directory, { recursive: true, force: true });
  };
  const hufu = await startProcess({
    directory,
    issuer: origin,
    database: `sqlite:${directory}/hufu.db`,
    mode: 'test',
    yaml: yamlOf(ports).replace('  sign_up: open\n', `  sign_up: open\n${more}`),
    port,
  }).catch((error: unknown) => {
    stopService();
    throw error;
  });
  const edge = `http://127.0.0.1:${ports.edge}`;
  for (const path of ['/free', '/free', '/broken', '/broken', '/broken', '/notes', '/reports'])
    await fetch(edge + path).then((reply) => reply.text());
  return {
    origin,
    edge,
    async signIn(context, role, path = '/console') {
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      await keepLedger(page);
      await page.goto(origin + path);
      await fillIn(page, role);
      return page;
    },
    async stop() {
      await hufu.stop();
      stopService();
    },
  };
}
