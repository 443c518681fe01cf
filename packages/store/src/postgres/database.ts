import pg from 'pg';
import { type Latency, newLatency, noteLatency } from '../port/latency.ts';
import { StoreUnavailable } from '../port.ts';
import { isConflict, toStoreError } from './unavailable.ts';

/**
 * SQL. With a name each connection prepares it once and keeps its plan, whatever the tables were like at that moment: see `SETTINGS`.
 * One text for one name, for all time.
 */
export interface Statement {
  readonly name?: string;
  readonly text: string;
}

export interface Step {
  readonly statement: Statement;
  readonly values: readonly unknown[];
}

export interface Session {
  run<R extends pg.QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<R[]>;
  /** In a transaction that has found nothing to change, where somebody notes what changes (`audited.ts`). */
  unchanged?(): void;
}

/** One PostgreSQL database: single statements, and short transactions of several (READ COMMITTED). Everything waits a bounded time in a bounded queue. */
export interface Database extends Session {
  /** How long statements and transactions took, waiting for a connection included. */
  readonly latency: Latency;
  /** One transaction of steps that need nothing of each other's answers: two round trips, however many they are. Answers the rows of each. */
  runTogether(steps: readonly Step[]): Promise<pg.QueryResultRow[][]>;
  /** One transaction. `act` may run again after a deadlock, so it keeps its effects inside the session. */
  transact<T>(act: (session: Session) => Promise<T>): Promise<T>;
  /** Refuses what comes from now on and waits for what is under way. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly poolSize: number;
  /** Accepts `fsync = off` and `synchronous_commit = off`. */
  readonly allowUnsafe: boolean;
  /** How long a statement may run, and how long one waits for a connection. */
  readonly timeoutMs: number;
}

/** The server would acknowledge what it may lose. */
export class UnsafeDatabase extends Error {
  override readonly name = 'UnsafeDatabase';
}

const MAX_WAITING = 1024;
const MAX_ATTEMPTS = 5;

/**
 * Session settings. Planning costs more than running the short statements of the hot paths, so plans are made once; see `statistics.ts` for
 * what keeps them right. Every statement is a walk along indexes from a few known keys, and a plan that was made while a table was small
 * must be none the worse when it is large: no sequential scans, no joins that read whole tables.
 * `idle_in_transaction_session_timeout`: a node that vanishes must not keep its locks.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  idle_in_transaction_session_timeout: '10000',
  default_transaction_isolation: 'read committed',
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
};

export function openDatabase(url: string, options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.poolSize,
    connectionTimeoutMillis: options.timeoutMs,
    // For an answer that never comes: a little more than the server's own limit.
    query_timeout: Math.ceil(options.timeoutMs * 1.25),
    pipeline: true,
    keepAlive: true,
    fallback_application_name: 'hufu',
    types: { getTypeParser },
    onConnect: (client) => prepareConnection(client, options),
  });
  // A connection lost while idle leaves the pool by itself; the next statement opens another.
  pool.on('error', () => {});
  let isClosed = false;
  const latency = newLatency();

  function requireOpen(): void {
    if (isClosed) throw new StoreUnavailable('the store is closed');
    if (pool.waitingCount >= MAX_WAITING) throw new StoreUnavailable(`${MAX_WAITING} statements already wait for a connection`);
  }

  return {
    latency,

    async run<R extends pg.QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<R[]> {
      return await persist(latency, async () => {
        requireOpen();
        const result = await pool.query<R>(toQuery(statement, values));
        return result.rows;
      });
    },

    async runTogether(steps) {
      return await persist(latency, async () => {
        requireOpen();
        return await borrow(await pool.connect(), (client) => runSteps(client, steps));
      });
    },

    async transact<T>(act: (session: Session) => Promise<T>): Promise<T> {
      return await persist(latency, async () => {
        requireOpen();
        return await borrow(await pool.connect(), (client) => runAct(client, act));
      });
    },

    async close() {
      if (isClosed) return;
      isClosed = true;
      await pool.end();
    },
  };
}

/** Again after a conflict, a bounded number of times; every other failure becomes what the port promises. */
async function persist<T>(latency: Latency, act: () => Promise<T>): Promise<T> {
  const begunMs = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await act();
      noteLatency(latency, performance.now() - begunMs);
      return answer;
    } catch (error) {
      if (attempt < MAX_ATTEMPTS && isConflict(error)) continue;
      throw toStoreError(error);
    }
  }
}

/** A connection for a transaction. If it ends in anything but a clean state it is thrown away, and the server rolls back. */
async function borrow<T>(client: pg.PoolClient, act: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  let lost: Error | undefined;
  // Without a listener a lost connection would end the process; the statement under way fails as well and tells the caller.
  const onLost = (error: Error): void => {
    lost = error;
  };
  client.on('error', onLost);
  try {
    await client.query('BEGIN');
    return await act(client);
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => {
      lost ??= failure;
    });
    throw error;
  } finally {
    client.removeListener('error', onLost);
    client.release(lost);
  }
}

/**
 * All at once, COMMIT too: after a failed step the server refuses the others and answers ROLLBACK. (BEGIN alone must have been answered:
 * without it the steps would be transactions of their own.)
 */
async function runSteps(client: pg.PoolClient, steps: readonly Step[]): Promise<pg.QueryResultRow[][]> {
  const answers = steps.map(({ statement, values }) => client.query<pg.QueryResultRow>(toQuery(statement, values)));
  const settled = await Promise.allSettled([...answers, commit(client)]);
  // The first failure is the cause; those after it only say that there was one.
  for (const answer of settled) if (answer.status === 'rejected') throw answer.reason;
  return (await Promise.all(answers)).map((answer) => answer.rows);
}

async function runAct<T>(client: pg.PoolClient, act: (session: Session) => Promise<T>): Promise<T> {
  const answer = await act({
    async run<R extends pg.QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<R[]> {
      const result = await client.query<R>(toQuery(statement, values));
      return result.rows;
    },
  });
  await commit(client);
  return answer;
}

/** COMMIT of a transaction that had failed answers ROLLBACK, and no error. */
async function commit(client: pg.PoolClient): Promise<void> {
  const { command } = await client.query('COMMIT');
  if (command !== 'COMMIT') throw new Error('the transaction was rolled back');
}

async function prepareConnection(client: pg.ClientBase, { allowUnsafe, timeoutMs }: DatabaseOptions): Promise<void> {
  const settings = { ...SETTINGS, statement_timeout: String(timeoutMs) };
  const { rows } = await client.query<{ fsync: string; synchronous_commit: string }>(
    `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
      (SELECT count(set_config(name, value, false)) FROM unnest($1::text[], $2::text[]) AS setting (name, value)) AS settings`,
    [Object.keys(settings), Object.values(settings)],
  );
  if (allowUnsafe) return;
  for (const name of ['fsync', 'synchronous_commit'] as const) {
    if (rows[0]?.[name] !== 'off') continue;
    throw new UnsafeDatabase(
      `${name} is off: PostgreSQL would acknowledge what a power loss takes back. Turn it on, or add ?unsafe=1 to the database URL.`,
    );
  }
}

function toQuery(statement: Statement, values: readonly unknown[]): pg.QueryConfig<unknown[]> {
  return { name: statement.name, text: statement.text, values: [...values] };
}

/** `int8`: ids, times and counters of ours are all below 2^53. */
const INT8 = 20;
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: string) => {
  if (oid === INT8 && format !== 'binary') return Number;
  return pg.types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text');
};
