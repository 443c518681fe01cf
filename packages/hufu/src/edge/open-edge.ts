import { readFileSync } from 'node:fs';
import { createGateway, type Gateway, type GatewayParts, type GatewaySettings } from '@hufu/gateway/create-gateway';
import type { EdgeDecisions } from '@hufu/gateway/decisions';
import type { GatewayIssuer } from '@hufu/gateway/identify/issuers';
import type { RouteSettings } from '@hufu/gateway/routes/route';
import { traceSource } from '@hufu/gateway/trace';
import type { UpstreamSettings } from '@hufu/gateway/upstreams/settings';
import { type RevocationFollower, revocationFollower } from '@hufu/resource/follower';
import type { Config } from '@hufu/server/config/config';
import type {
  GatewayConfig,
  GatewayCredentials,
  GatewayIssuerConfig,
  GatewayRouteConfig,
  GatewayUpstreamConfig,
} from '@hufu/server/config/gateway-config';
import type { OwnFeed } from '@hufu/server/endpoints/own-feed';

/** A gateway with what it follows. */
export interface OpenEdge {
  readonly gateway: Gateway;
  readonly followers: readonly RevocationFollower[];
  close(): Promise<void>;
}

/** What the gateway has beside its configuration. */
export interface EdgeGround extends Partial<GatewayParts> {
  /** Of the server in the same process: what that revokes is heard of without a client of the gateway's own. */
  readonly feed: OwnFeed | undefined;
}

/** Makes the gateway that a configuration describes. @throws {TypeError} that says what about it cannot be */
export function openEdge(config: Config, gateway: GatewayConfig, decisions: EdgeDecisions, { feed, ...more }: EdgeGround): OpenEdge {
  const own: GatewayIssuerConfig = {
    issuer: config.issuer,
    users: 'subject',
    jwksUri: undefined,
    introspection: undefined,
    revocations: undefined,
  };
  const followers: RevocationFollower[] = [];
  const issuers = (gateway.issuers.length === 0 ? [own] : gateway.issuers).map((one) =>
    openIssuer(one, one.issuer === config.issuer ? feed : undefined, followers),
  );
  const close = async (): Promise<void> => {
    await Promise.all(followers.map((follower) => follower.close()));
  };
  try {
    const made = createGateway({
      settings: {
        origins: gateway.origins,
        routes: gateway.routes.map(routeOf),
        upstreams: gateway.upstreams.map(upstreamOf),
        trustedProxies: gateway.trustedProxies,
        dropHeaders: gateway.dropHeaders,
        // Those of the authorization server, where it is http on this very host.
        ownCookies: ['hufu_'],
        ...boundsOf(gateway),
      },
      issuers,
      decisions,
      newTrace: traceSource(),
      ...more,
    });
    return {
      gateway: made,
      followers,
      async close() {
        await made.close();
        await close();
      },
    };
  } catch (error) {
    void close();
    throw error;
  }
}

function openIssuer(written: GatewayIssuerConfig, feed: OwnFeed | undefined, followers: RevocationFollower[]): GatewayIssuer {
  const { issuer, jwksUri, users, introspection } = written;
  const follower = follow(written, feed);
  // A follower that is closed before it was ever fresh is no news to anybody.
  follower?.ready().catch(() => undefined);
  if (follower !== undefined) followers.push(follower);
  const asking = introspection === undefined ? undefined : { credentials: credentialsOf(introspection) };
  return { issuer, ...defined({ jwksUri, users, introspection: asking, follower }) };
}

/** As it is written; of the server in the same process also where nothing is. */
function follow({ issuer, revocations }: GatewayIssuerConfig, feed: OwnFeed | undefined): RevocationFollower | undefined {
  if (revocations !== undefined) return revocationFollower({ issuer, credentials: credentialsOf(revocations), node: 'gateway' });
  return feed === undefined ? undefined : revocationFollower({ issuer, credentials: NOBODY, node: 'gateway', ...feed });
}

/** Nobody asks for it. */
const NOBODY = { clientId: 'own', clientSecret: 'own' } as const;

function credentialsOf({ clientId, clientSecret }: GatewayCredentials): { readonly clientId: string; readonly clientSecret: string } {
  return { clientId, clientSecret: clientSecret.reveal() };
}

function boundsOf({ audience, maxStreams, maxStreamsPerAddress, maxStreamsPerRoute }: GatewayConfig): Partial<GatewaySettings> {
  return defined({ audience, maxStreams, maxStreamsPerAddress, maxStreamsPerRoute });
}

function routeOf({ name, path, upstream, token, corsOrigins, revocations, timeouts, ...rest }: GatewayRouteConfig): RouteSettings {
  const cors = corsOrigins === undefined ? undefined : { origins: corsOrigins };
  return {
    name,
    path,
    upstream,
    token,
    ...defined({ ...rest, cors, revocations: revocations && ruleOf(revocations), times: timeouts && timesOf(timeouts) }),
  };
}

function ruleOf({ maxAgeSeconds, openForSeconds }: NonNullable<GatewayRouteConfig['revocations']>): RouteSettings['revocations'] & object {
  return { maxAgeSeconds, whenOlder: openForSeconds === undefined ? 'closed' : { openForSeconds } };
}

function timesOf(written: NonNullable<GatewayRouteConfig['timeouts']>): RouteSettings['times'] & object {
  const { bodyIdleSeconds, answerIdleSeconds, stallSeconds, wholeSeconds } = written;
  return defined({
    bodyIdleMs: ms(bodyIdleSeconds),
    answerIdleMs: ms(answerIdleSeconds),
    stallMs: ms(stallSeconds),
    wholeMs: ms(wholeSeconds),
  });
}

function upstreamOf(written: GatewayUpstreamConfig): UpstreamSettings {
  const { name, targets, connections, streams, headTimeoutSeconds, connectTimeoutSeconds, checks, retries, ca, adaptive } = written;
  const timeouts = defined({ headMs: ms(headTimeoutSeconds), connectMs: ms(connectTimeoutSeconds) });
  const more = { checks: checks && checkOf(checks), retries: retries && retriesOf(retries), ca: ca && readFileSync(ca, 'utf8') };
  return { name, targets, timeouts, ...defined({ connections, streams, adaptive, ...more }) };
}

function retriesOf({
  attempts,
  statuses,
  percent,
  spare,
}: NonNullable<GatewayUpstreamConfig['retries']>): UpstreamSettings['retries'] & object {
  return defined({ attempts, statuses, spare, share: percent === undefined ? undefined : percent / 100 });
}

function ms(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}

function checkOf({ path, intervalSeconds }: NonNullable<GatewayUpstreamConfig['checks']>): UpstreamSettings['checks'] & object {
  return intervalSeconds === undefined ? { path } : { path, intervalMs: intervalSeconds * 1_000 };
}

type Defined<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

/** Without what is undefined: defaults are for what is left out. */
function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}
