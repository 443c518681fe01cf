import type { TenantId } from '@hufu/protocol/ids';
import pg from 'pg';
import { type Bell, bell } from '../bell.ts';
import type { Database, Statement } from './database.ts';

const CHANNEL = 'hufu_revocations';
/** What is written together is told together. */
const TOGETHER_MS = 5;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;
/** How often an idle connection is asked whether it is one. */
const CHECK_MS = 10_000;
/** How long a close waits for who was not told yet, and for a goodbye. */
const CLOSE_MS = 3_000;

/** A bell that rings in every process that has the database open: LISTEN and NOTIFY on a connection of its own, kept while somebody here listens. */
export interface ListeningBell extends Bell {
  /** Done when this process listens, or has failed to for the first time (then it goes on trying). */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param db tells where nobody here listens.
 * @param url as `pg` takes it.
 * @param checkMs between two looks whether the connection is one.
 * @param closeMs how long a close may take: whoever stops waits for nobody that is gone.
 */
export function listeningBell(
  db: Pick<Database, 'run'>,
  url: string,
  checkMs: number = CHECK_MS,
  closeMs: number = CLOSE_MS,
): ListeningBell {
  const local = bell();
  /** Tenants with somebody who listens, and how many. */
  const listening = new Map<TenantId, number>();
  const untold = new Set<TenantId>();
  let telling: NodeJS.Timeout | undefined;
  let underWay: Promise<unknown> = Promise.resolve();
  let connection: pg.Client | undefined;
  let connecting: Promise<void> | undefined;
  let retrying: NodeJS.Timeout | undefined;
  let checking: NodeJS.Timeout | undefined;
  let retryMs = FIRST_RETRY_MS;
  let isClosed = false;

  function tell(): Promise<unknown> {
    telling = undefined;
    const tenants = [...untold].map(String);
    untold.clear();
    if (tenants.length === 0) return underWay;
    const used = connection;
    const query = used === undefined ? db.run(NOTIFY, [tenants]) : used.query(NOTIFY.text, [tenants]).catch(() => instead(used, tenants));
    // Whoever was not told finds out by looking.
    underWay = Promise.allSettled([underWay, query]);
    return underWay;
  }

  /** A connection that takes nothing tells nothing either, though nobody has closed it: another one is made, and these are told on one of the pool. */
  function instead(used: pg.Client, tenants: readonly string[]): Promise<unknown> {
    lose(used);
    return db.run(NOTIFY, [tenants]);
  }

  function lose(client: pg.Client): void {
    if (connection === client) connection = undefined;
    drop(client);
    retry();
  }

  /** Whoever only listens would not notice that nobody is there. */
  function watch(client: pg.Client): void {
    checking = setTimeout(() => {
      if (connection !== client) return;
      client.query('SELECT 1').then(
        () => watch(client),
        () => lose(client),
      );
    }, checkMs).unref();
  }

  /** Without waiting for a goodbye, which whoever is gone does not give. */
  function drop(client: pg.Client): void {
    client.removeAllListeners('notification');
    client.end().catch(() => undefined);
    client.connection.stream.destroy();
  }

  function connect(): Promise<void> {
    connecting ??= open().finally(() => {
      connecting = undefined;
    });
    return connecting;
  }

  async function open(): Promise<void> {
    if (isClosed || connection !== undefined || listening.size === 0) return;
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 3_000,
      query_timeout: 3_000,
      keepAlive: true,
      fallback_application_name: 'hufu listening',
    });
    // Whichever comes first; the connection is of no use after either.
    const lost = (): void => {
      if (connection === client) connection = undefined;
      client.removeAllListeners('notification');
      retry();
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', ({ payload }) => {
      for (const tenant of listening.keys()) if (String(tenant) === payload) local.ring(tenant);
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
    } catch {
      drop(client);
      retry();
      return;
    }
    if (isClosed) return drop(client);
    connection = client;
    watch(client);
    retryMs = FIRST_RETRY_MS;
    // What was told while nobody listened.
    for (const tenant of listening.keys()) local.ring(tenant);
  }

  function retry(): void {
    if (isClosed || retrying !== undefined || connection !== undefined) return;
    retrying = setTimeout(() => {
      retrying = undefined;
      void connect();
    }, retryMs).unref();
    retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
  }

  return {
    ring(tenant) {
      local.ring(tenant);
      untold.add(tenant);
      if (!isClosed) telling ??= setTimeout(() => void tell(), TOGETHER_MS).unref();
    },
    on(tenant, wake) {
      listening.set(tenant, (listening.get(tenant) ?? 0) + 1);
      const off = local.on(tenant, wake);
      let isOn = true;
      return () => {
        off();
        const left = (listening.get(tenant) ?? 1) - (isOn ? 1 : 0);
        isOn = false;
        if (left === 0) listening.delete(tenant);
        else listening.set(tenant, left);
      };
    },
    ready: connect,
    async close() {
      if (isClosed) return;
      clearTimeout(telling);
      const over = Promise.withResolvers<void>();
      const deadline = setTimeout(() => over.resolve(), closeMs);
      await Promise.race([tell(), over.promise]);
      isClosed = true;
      clearTimeout(retrying);
      clearTimeout(checking);
      await Promise.race([connecting, over.promise]);
      const last = connection;
      connection = undefined;
      if (last !== undefined) {
        await Promise.race([last.end().catch(() => undefined), over.promise]);
        drop(last);
      }
      clearTimeout(deadline);
    },
  };
}

const NOTIFY: Statement = { text: `SELECT pg_notify('${CHANNEL}', tenant) FROM unnest($1::text[]) AS told (tenant)` };
