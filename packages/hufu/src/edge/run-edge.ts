import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { systemNowMs } from '@hufu/gateway/clock';
import { LISTEN_OPTIONS } from '@hufu/gateway/proxy/listen-options';
import { systemClock } from '@hufu/server/clock';
import type { Config } from '@hufu/server/config/config';
import type { GatewayConfig } from '@hufu/server/config/gateway-config';
import { defaultListen } from '@hufu/server/config/listen';
import type { Context } from '@hufu/server/context';
import { type EdgeJournal, edgeJournal } from '@hufu/server/decisions/edge-journal';
import { type EdgeState, tellEdge } from '@hufu/server/edge-state';
import { ownFeed } from '@hufu/server/endpoints/own-feed';
import type { Log } from '@hufu/server/log';
import { systemRandom } from '@hufu/server/random';
import { tlsOptions } from '@hufu/server/tls-options';
import { EDGE_DECISIONS } from '@hufu/store/port/decisions';
import { RefusedError } from '../command.ts';
import { checkMetrics, serveMetrics } from './edge-metrics.ts';
import { type OpenEdge, openEdge } from './open-edge.ts';
import { openLimits } from './open-limits.ts';
import { openPassports } from './open-passports.ts';
import { type OwnStore, openOwn, openSessions } from './open-sessions.ts';

/** A gateway that listens. */
export interface RunningEdge {
  readonly port: number;
  /** Where its metrics are read; undefined: nowhere. */
  readonly metricsPort: number | undefined;
  /** Takes no new connections, ends streams, and lets go of everything. */
  close(): Promise<void>;
}

/**
 * Listens for the gateway of a configuration, on a socket of its own.
 *
 * @param server the one that runs in this process, where there is one: decisions are kept there. Alone they are lines of the log, and kept where it has a store.
 * @throws RefusedError that says what about it cannot be
 */
export async function runEdge(config: Config, written: GatewayConfig, log: Log, server?: Context): Promise<RunningEdge> {
  if (written.metrics !== undefined) checkMetrics(written.metrics);
  const edge = await open(config, written, log, server);
  const { gateway } = edge;
  for (const warning of gateway.warnings) log.warn('edge.warning', { warning });
  const listener = listenerOf(written, (request) => gateway.shouldUpgrade(request));
  listener.on('request', gateway.onRequest);
  listener.on('checkContinue', gateway.onRequest);
  listener.on('checkExpectation', gateway.onRequest);
  listener.on('upgrade', (request, socket, head) => gateway.onUpgrade(request, socket, head));
  listener.on('clientError', (error, socket) => gateway.onClientError(error, socket));
  const { host, port } = written.listen ?? defaultListen(written.origins[0] ?? config.issuer);
  try {
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(port, host, () => {
        listener.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    await edge.close();
    throw error;
  }
  let metrics: Awaited<ReturnType<typeof serveMetrics>> | undefined;
  try {
    if (written.metrics !== undefined)
      metrics = await serveMetrics(
        written.metrics,
        listenerOf(written, () => false),
        edge.state,
        server?.clock.nowMs ?? systemNowMs,
      );
  } catch (error) {
    await endListening();
    throw error;
  }
  const bound = listener.address() as AddressInfo;
  log.info('edge.started', { port: bound.port, routes: written.routes.length });
  return {
    port: bound.port,
    metricsPort: metrics?.port,
    async close() {
      await metrics?.close();
      await endListening();
      log.info('edge.stopped');
    },
  };

  async function endListening(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      listener.close(() => resolve());
    });
    await edge.close();
    listener.closeIdleConnections();
    listener.closeAllConnections();
    await closed;
  }
}

/** Slow handshakes end as slow headers do. */
function listenerOf({ tls }: GatewayConfig, shouldUpgradeCallback: (request: IncomingMessage) => boolean): Server {
  const options = { ...LISTEN_OPTIONS, shouldUpgradeCallback };
  return tls === undefined ? createServer(options) : createTlsServer({ ...options, ...tlsOptions(tls), handshakeTimeout: 10_000 });
}

/** Opens all of it, and closes again what was open where something cannot be. */
async function open(
  config: Config,
  written: GatewayConfig,
  log: Log,
  server: Context | undefined,
): Promise<OpenEdge & { state(): EdgeState }> {
  const plain = written.tls === undefined ? undefined : written.origins.find((origin) => origin.startsWith('http:'));
  if (plain !== undefined) throw new RefusedError(`gateway.origins: ${plain} cannot be where tls is configured`);
  const fault = findOriginFault(config, written.origins);
  if (fault !== undefined) throw new RefusedError(`gateway.origins: ${fault}`);
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closing.splice(0).reverse()) await one();
  };
  try {
    const { session } = written;
    const own = session === undefined ? undefined : await openOwn(config, session, server);
    if (own !== undefined) closing.push(() => own.store.close());
    // What is in memory alone nobody could look up.
    const kept = server ?? (session?.renewals === 'memory' ? undefined : own);
    const journal = journalOf(log, kept, server);
    closing.push(() => journal.settled());
    const { limits, close: closeLimits } = await openLimits(config, written, log, { server, kept });
    closing.push(closeLimits);
    const sessions = session === undefined ? undefined : await openSessions(config, written, session, { server, own, decisions: journal });
    if (sessions !== undefined) closing.push(() => sessions.close());
    const nowMs = server?.clock.nowMs ?? systemNowMs;
    const ground = { server, effects: sessions?.effects, nowMs, log };
    const passport = written.passport === undefined ? undefined : openPassports(written, written.passport, ground);
    const edge = openEdge(config, written, journal, {
      feed: server === undefined ? undefined : ownFeed(server),
      ...sessions?.parts,
      ...(passport !== undefined && { passport }),
      ...(limits !== undefined && { limits }),
      ...(passport !== undefined && { passport }),
      nowMs,
    });
    closing.push(() => edge.close());
    const state = (): EdgeState => ({ ...edge.gateway.state(), limits: limits?.snapshot() ?? [] });
    if (server !== undefined) {
      const untell = tellEdge(server, state);
      closing.push(async () => untell());
    }
    sessions?.follow(edge.followers);
    for (const warning of sessions?.warnings ?? []) log.warn('edge.warning', { warning });
    return { ...edge, state, close };
  } catch (error) {
    await close();
    if (error instanceof TypeError) throw new RefusedError(`gateway: ${error.message}`);
    throw error;
  }
}

function journalOf(log: Log, kept: OwnStore | undefined, server: Context | undefined): EdgeJournal {
  const { random = systemRandom(), clock = systemClock() } = server ?? {};
  const meter = server?.metrics.meter;
  return edgeJournal({
    kept,
    random,
    log,
    nowMs: clock.nowMs,
    ...(meter !== undefined && { refused: (code: string) => meter.refused(EDGE_DECISIONS, code) }),
  });
}

/** What is behind the gateway would have the origin, or the cookies, of the pages where people sign in. */
function findOriginFault({ issuer, mode }: Config, origins: readonly string[]): string | undefined {
  const server = new URL(issuer);
  if (origins.includes(server.origin)) return `${server.origin} is the issuer's own`;
  const same = origins.find((origin) => new URL(origin).hostname === server.hostname);
  return same === undefined || mode !== 'production' ? undefined : `${same} has the host of the issuer, and gets its cookies`;
}
