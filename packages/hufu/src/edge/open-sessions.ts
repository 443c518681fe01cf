import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { createClient } from '@hufu/client/client';
import type { ClientAuthentication } from '@hufu/client/client-authentication';
import { clientSecretBasic } from '@hufu/client/client-secret';
import { systemClock } from '@hufu/client/clock';
import { privateKeyJwt, readServiceAccount, readSigningKey } from '@hufu/client/private-key';
import { systemClock as gatewayClock } from '@hufu/gateway/clock';
import type { GatewayParts } from '@hufu/gateway/create-gateway';
import type { EdgeDecisions } from '@hufu/gateway/decisions';
import type { PassportEffects } from '@hufu/gateway/passport/statements';
import { edgeKeys } from '@hufu/gateway/session/edge-keys';
import { passportEffects } from '@hufu/gateway/session/passport-effects';
import { runSessions } from '@hufu/gateway/session/run-sessions';
import { serveEndpoints } from '@hufu/gateway/session/serve-endpoints';
import { sessionSource } from '@hufu/gateway/session/session-source';
import { type TokenHandler, type TokenHandlerSettings, tokenHandler } from '@hufu/gateway/session/token-handler';
import type { TenantId } from '@hufu/protocol/ids';
import type { RevocationFollower } from '@hufu/resource/follower';
import { FINE } from '@hufu/resource/revocations';
import type { Config } from '@hufu/server/config/config';
import type { GatewayConfig } from '@hufu/server/config/gateway-config';
import type { GatewaySessionConfig } from '@hufu/server/config/gateway-session-config';
import type { Context } from '@hufu/server/context';
import { openStore, SchemaBehind } from '@hufu/store/open';
import type { Store } from '@hufu/store/port';
import { RefusedError } from '../command.ts';
import { edgeSecrets } from './edge-secrets.ts';

/** Sessions of an edge, for its gateway. */
export interface OpenSessions {
  /** What is worth saying at the start. */
  readonly warnings: readonly string[];
  readonly parts: Pick<GatewayParts, 'sessions' | 'endpoints'>;
  /** What services may ask for of them. */
  readonly effects: PassportEffects;
  /** From here on what its issuer has revoked is known, where one of these follows that. */
  follow(followers: readonly RevocationFollower[]): void;
  /** Done when what is under way is stored. */
  close(): Promise<void>;
}

/**
 * Opens the sessions of a gateway. Beside a server they are in its store, under its keys; alone they are in the database of the configuration, under those of `gateway.secret`.
 *
 * @param server undefined: the gateway is alone. `own` is what `openOwn` has opened, and stands before the server's store.
 * @throws RefusedError that says what about the configuration cannot be
 */
export async function openSessions(
  config: Config,
  gateway: GatewayConfig,
  session: GatewaySessionConfig,
  {
    server,
    own,
    decisions,
  }: { readonly server: Context | undefined; readonly own: OwnStore | undefined; readonly decisions: EdgeDecisions },
): Promise<OpenSessions> {
  const settings = settingsOf(gateway, session);
  const warnings = checkClient(config, session, settings.origin);
  const secrets = edgeSecrets(gateway, server);
  const authentication = await authenticationOf(session);
  const nowMs = server?.clock.nowMs ?? systemClock.nowMs;
  const client = createClient({
    issuer: session.issuer ?? config.issuer,
    clientId: session.clientId,
    authentication,
    dpop: 'never',
    nowMs: () => nowMs(),
  });
  const home = own ?? server;
  if (home === undefined) throw new TypeError('there is a server, or a store of its own');
  let followed: RevocationFollower | undefined;
  const handler: TokenHandler = tokenHandler({
    settings,
    client,
    store: home.store,
    tenant: home.tenant,
    keys: edgeKeys(secrets),
    clock: { ...systemClock, nowMs: () => nowMs() },
    newSecret: () => randomBytes(32).toString('base64url'),
    revocations: { look: (marks) => followed?.look(marks) ?? FINE, ageMs: () => followed?.state().ageMs ?? 0 },
  });
  const running = runSessions(handler);
  return {
    warnings,
    parts: {
      sessions: sessionSource(handler, running),
      endpoints: serveEndpoints(handler, { decisions, timers: gatewayClock, ended: () => running.ends.look() }),
    },
    effects: passportEffects(handler, running),
    follow(followers) {
      followed = followers.find(({ issuer }) => issuer === client.issuer);
    },
    async close() {
      await running.close();
    },
  };
}

/** Sessions of cookies in the memory of a process: about 10 KiB each. */
const MAX_HELD = 10_000;

/** Cookies are of one host: so are sessions, and the routes that take them. */
function settingsOf(gateway: GatewayConfig, session: GatewaySessionConfig): TokenHandlerSettings {
  const [first = '', ...more] = gateway.origins;
  const origin = session.origin ?? first;
  if (session.origin === undefined && more.length > 0)
    throw new RefusedError('gateway.session.origin: the gateway has several origins, and sessions are of one');
  if (!gateway.origins.includes(origin)) throw new RefusedError(`gateway.session.origin: ${origin} is none of the gateway's origins`);
  const host = new URL(origin).hostname;
  const elsewhere = gateway.origins.filter((other) => new URL(other).hostname !== host);
  for (const route of gateway.routes) {
    const takes = route.session === true && (route.hosts === undefined ? elsewhere.length > 0 : route.hosts.some((one) => one !== host));
    if (takes) throw new RefusedError(`gateway.routes: ${route.name} takes sessions, which are at one host alone: hosts: [${host}]`);
  }
  const resource = session.resource ?? gateway.audience;
  const { keep, renewals, graceSeconds, scope, sameSite, idleSeconds, absoluteSeconds, claims, origins, crossSiteLogin } = session;
  return {
    edge: gateway.name,
    origin,
    keep,
    graceSeconds,
    ...(renewals === 'memory' && { maxHeld: MAX_HELD }),
    scope,
    ...(resource !== undefined && { resource }),
    sameSite,
    idleSeconds,
    absoluteSeconds,
    claims,
    origins,
    crossSiteLogin,
  };
}

/**
 * What the client of this very file, where it is one, lacks for the sessions: without the redirect URI nobody could sign in at all. Answers what is only a pity.
 */
function checkClient(config: Config, { issuer = config.issuer, clientId }: GatewaySessionConfig, origin: string): readonly string[] {
  const client = issuer === config.issuer ? config.clients.find((one) => one.clientId === clientId) : undefined;
  if (client === undefined) return [];
  const lacks = (name: string, uri: string): string | undefined => {
    const listed = client.metadata[name];
    if (Array.isArray(listed) && listed.includes(uri)) return undefined;
    return `clients: ${clientId}, the client of the gateway's sessions, needs ${uri} among its ${name}`;
  };
  const fault = lacks('redirect_uris', `${origin}/edge/callback`);
  if (fault !== undefined) throw new RefusedError(fault);
  const pity = lacks('post_logout_redirect_uris', `${origin}/`);
  return pity === undefined ? [] : [`${pity}: a sign-out ends at the server`];
}

async function authenticationOf({ clientSecret, privateKey }: GatewaySessionConfig): Promise<ClientAuthentication> {
  if (privateKey === undefined) return clientSecretBasic(clientSecret?.reveal() ?? '');
  try {
    const text = readFileSync(privateKey, 'utf8');
    const isAccount = 'private_key_id' in Object(JSON.parse(text));
    return privateKeyJwt(isAccount ? (await readServiceAccount(text)).key : await readSigningKey(text));
  } catch (error) {
    throw new RefusedError(`gateway.session.private_key: ${error instanceof Error ? error.message : 'cannot be read'}`);
  }
}

/** A store of the gateway's own. */
export interface OwnStore {
  readonly store: Store;
  readonly tenant: TenantId;
}

/** What a gateway opens for its sessions beside a server, or alone: nothing where they are in the server's store. */
export async function openOwn(
  config: Config,
  { renewals }: GatewaySessionConfig,
  server: Context | undefined,
): Promise<OwnStore | undefined> {
  if (renewals === 'memory') return ownStore(await openStore('sqlite::memory:'));
  return server === undefined ? ownStore(await openConfigured(config)) : undefined;
}

async function ownStore(store: Store): Promise<OwnStore> {
  try {
    return { store, tenant: (await store.ensureTenant('default')).id };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Others may have it open: one whose schema is older is theirs to bring up. */
async function openConfigured(config: Config): Promise<Store> {
  const { database } = config;
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  try {
    return await openStore(database.kind === 'sqlite' ? `sqlite:${database.path}` : database.url.reveal(), 'keep');
  } catch (error) {
    if (error instanceof SchemaBehind) throw new RefusedError(`database: ${error.message}; run hufu migrate first`);
    throw error;
  }
}
