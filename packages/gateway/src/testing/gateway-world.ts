import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeKey, signToken, startIssuer, type TestIssuer } from '@hufu/resource/testing/issuer';
import { systemNowMs } from '../clock.ts';
import { createGateway, type Gateway, type GatewayParts, type GatewaySettings } from '../create-gateway.ts';
import type { EdgeRefusal } from '../decisions.ts';
import type { GatewayIssuer } from '../identify/issuers.ts';
import { LISTEN_OPTIONS } from '../proxy/listen-options.ts';
import type { RouteSettings } from '../routes/route.ts';

export const KEY = makeKey('ES256', 'edge-test');
export const AUDIENCE = 'https://api.example';

/** A gateway on a socket, in front of a port. */
export interface GatewayWorld {
  readonly gateway: Gateway;
  readonly port: number;
  /** For `Host`. */
  readonly host: string;
  readonly refusals: EdgeRefusal[];
  close(): Promise<void>;
}

/** What a test says otherwise. */
export interface GatewayChanges {
  readonly settings?: Partial<GatewaySettings>;
  readonly issuers?: readonly GatewayIssuer[];
  readonly parts?: Partial<GatewayParts>;
}

/** A route with the usual upstream. */
export function route(name: string, path: string, more: Partial<RouteSettings> = {}): RouteSettings {
  return { name, path, upstream: 'notes', token: 'any', ...more };
}

/** Starts a gateway whose hosts are `api.example` and the socket's own address. */
export async function startGateway(behind: number, routes: readonly RouteSettings[], changes: GatewayChanges = {}): Promise<GatewayWorld> {
  const refusals: EdgeRefusal[] = [];
  const server = createServer({ ...LISTEN_OPTIONS, shouldUpgradeCallback: (request) => gateway.shouldUpgrade(request) });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address() as AddressInfo;
      resolve(address.port);
    });
  });
  let traces = 0;
  const parts: GatewayParts = {
    settings: {
      origins: ['https://api.example', `http://127.0.0.1:${port}`],
      routes,
      upstreams: [{ name: 'notes', targets: [{ url: `http://127.0.0.1:${behind}` }] }],
      audience: AUDIENCE,
      ...changes.settings,
    },
    issuers: changes.issuers ?? [],
    decisions: {
      refuse(refusal) {
        refusals.push(refusal);
        return `decision-${refusals.length}`;
      },
    },
    newTrace: () => String(++traces).padStart(48, '1'),
    ...changes.parts,
  };
  let gateway: Gateway;
  try {
    gateway = createGateway(parts);
  } catch (error) {
    server.close();
    throw error;
  }
  server.on('request', gateway.onRequest);
  server.on('checkContinue', gateway.onRequest);
  server.on('checkExpectation', gateway.onRequest);
  server.on('clientError', gateway.onClientError);
  server.on('upgrade', gateway.onUpgrade);
  return {
    gateway,
    port,
    host: `127.0.0.1:${port}`,
    refusals,
    async close() {
      await gateway.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An issuer with one key. */
export function startTokenIssuer(): Promise<TestIssuer> {
  return startIssuer([KEY]);
}

/** An access token of a user. */
export function tokenOf(issuer: string, changes: object = {}): string {
  const now = Math.floor(systemNowMs() / 1_000);
  const claims = {
    iss: issuer,
    aud: AUDIENCE,
    sub: 'tiger',
    client_id: 'app',
    jti: 'one',
    iat: now,
    exp: now + 600,
    scope: 'notes:read',
  };
  return signToken(KEY, { ...claims, ...changes });
}
