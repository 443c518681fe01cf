import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, type Page } from '../support/agent.ts';
import { type Engine, freshDatabase } from '../support/databases.ts';
import { freePort } from '../support/hufu.ts';
import { type HufuProcessOptions, startProcess } from '../support/hufu-process.ts';

/** What a foreign client library is run against: `hufu start --config` as a process of its own, in production mode, over HTTP. */
export interface Provider {
  readonly issuer: string;
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

export const USER = { username: 'mei', password: 'a tally in two halves, both of bronze' } as const;
export const JWT_RESOURCE = 'https://notes.example/';
export const OPAQUE_RESOURCE = 'https://files.example/';
export const REDIRECT_URI = 'https://rp.example/callback';
export const LOGGED_OUT_URI = 'https://rp.example/bye';

/** A relying party as it registered: each has another way to prove itself and another algorithm for its ID tokens. */
export interface RelyingParty {
  readonly clientId: string;
  readonly secret: string | undefined;
  readonly method: 'none' | 'client_secret_basic' | 'client_secret_post';
  readonly idTokenAlg: 'RS256' | 'ES256' | 'EdDSA';
}

/** RS256 where nothing is said (OpenID Connect Registration §2). The `:`, `+` and `%` are for those who do not encode them (RFC 6749 §2.3.1). */
export const PARTIES: readonly RelyingParty[] = [
  { clientId: 'rp-public', secret: undefined, method: 'none', idTokenAlg: 'RS256' },
  { clientId: 'rp:basic', secret: 'basic+secret%2Fwith:odd characters 0123456789', method: 'client_secret_basic', idTokenAlg: 'ES256' },
  { clientId: 'rp-post', secret: 'post-secret-0123456789-abcdefghijklmnopq', method: 'client_secret_post', idTokenAlg: 'EdDSA' },
];
export const MACHINE = { clientId: 'machine', secret: 'machine-secret-0123456789-abcdefghijklmn' } as const;

const PROVIDER_YAML = `
signing: { algorithms: [ES256, RS256, EdDSA] }
clients:
${PARTIES.map(writeParty).join('\n')}
  - client_id: ${MACHINE.clientId}
    client_secret: ${MACHINE.secret}
    grant_types: [client_credentials]
    scope: notes files
    hufu: { resource_server_of: ['${JWT_RESOURCE}', '${OPAQUE_RESOURCE}'] }
resources:
  - { identifier: '${JWT_RESOURCE}', scopes: [notes], token_format: jwt }
  - { identifier: '${OPAQUE_RESOURCE}', scopes: [files], token_format: opaque }
users:
  - username: ${USER.username}
    password: ${USER.password}
    claims: { name: Mei Lin, email: mei@example.com, email_verified: true }
`;

function writeParty({ clientId, secret, method, idTokenAlg }: RelyingParty): string {
  return `  - client_id: '${clientId}'
    client_name: Relying Party
${secret === undefined ? '' : `    client_secret: '${secret}'\n`}    token_endpoint_auth_method: ${method}
${idTokenAlg === 'RS256' ? '' : `    id_token_signed_response_alg: ${idTokenAlg}\n`}    redirect_uris: [${REDIRECT_URI}]
    post_logout_redirect_uris: [${LOGGED_OUT_URI}]
    grant_types: [authorization_code, refresh_token]`;
}

/**
 * @param yaml what the provider knows instead of `PARTIES` and their like.
 * @param more of the process.
 */
export async function startProvider(
  engine: Engine,
  yaml: string = PROVIDER_YAML,
  more: Pick<HufuProcessOptions, 'trusts'> = {},
): Promise<Provider> {
  const database = await freshDatabase(engine);
  const directory = await mkdtemp(join(tmpdir(), 'hufu-interop-'));
  const hufu = await startProcess({ directory, port: await freePort(), database: database.url, yaml, ...more });
  return {
    issuer: hufu.origin,
    lines: hufu.lines,
    async stop() {
      await hufu.stop();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A person at a browser: follows an authorization URL through sign-in and consent, back to the client's own address. */
export async function walk(agent: Agent, start: URL): Promise<Page> {
  let page = await agent.get(start.href);
  for (let step = 0; step < 6; step += 1) {
    if (page.location.startsWith('/')) page = await agent.get(page.location);
    else if (page.name === 'signin') page = await agent.submit(page, USER);
    else if (page.name === 'consent') page = await agent.submit(page, { decision: 'allow' });
    else break;
  }
  return page;
}

/** The same to the end: where the browser arrives at the client. */
export async function arriveAt(issuer: string, start: URL): Promise<{ readonly agent: Agent; readonly arrived: URL }> {
  const agent = new Agent(issuer);
  return { agent, arrived: new URL((await walk(agent, start)).location) };
}
