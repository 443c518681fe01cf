import { buildConnector, Client } from 'undici';
import { InterimHeads, lookAtHeads } from './interim-heads.ts';

export interface ConnectionSettings {
  /** Origin of the target. */
  readonly origin: string;
  /** Certificates to trust instead of the machine's, as PEM. */
  readonly ca?: string;
  /** Milliseconds. */
  readonly connectMs: number;
  readonly headMs: number;
  /** For how long an unused connection is kept where the target says nothing. */
  readonly keepAliveMs: number;
  /** Connections that are kept though nobody uses them. */
  readonly idle: number;
}

/** One connection, for one request at a time. It connects when it is used, and again where the target has closed it before anything was sent. */
export interface Connection {
  readonly client: Client;
  /** It is there: where it was before a request got it, a reset may only mean that the target closed it in that moment. */
  isUp: boolean;
  readonly heads: InterimHeads;
}

/** What a target's hint (`Keep-Alive: timeout=5`) is shortened by: the answer was on its way, and so will be the next request. */
const MARGIN_MS = 1_500;
/** The head of an answer. */
const MAX_HEAD_BYTES = 16_384;

/**
 * The connections to one target. The one used last is used first, so that what is not needed falls idle and goes; finding one costs the same however many are
 * open. (A `Pool` looks through all of them for one that is free, and ten thousand open streams are in its way with each request.)
 */
export class Connections {
  readonly #settings: ConnectionSettings;
  readonly #connector: ReturnType<typeof buildConnector>;
  readonly #idle: Connection[] = [];
  #isClosed = false;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
    const { ca, connectMs } = settings;
    this.#connector = buildConnector({ timeout: connectMs, allowH2: false, ...(ca === undefined ? {} : { ca }) });
  }

  /** Kept for later. */
  get idle(): number {
    return this.#idle.length;
  }

  take(): Connection {
    const connection = this.#idle.pop();
    connection?.heads.await();
    return connection ?? this.open();
  }

  /** One that nobody used. */
  open(): Connection {
    const { origin, headMs, keepAliveMs } = this.#settings;
    const heads = new InterimHeads();
    heads.await();
    const client = new Client(origin, {
      connect: (options, done) =>
        this.#connector(options, (...result) => {
          const [error, socket] = result;
          if (error === null) lookAtHeads(socket, heads);
          done(...result);
        }),
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      keepAliveTimeoutThreshold: MARGIN_MS,
      headersTimeout: headMs,
      // Whoever forwards says when an answer takes too long.
      bodyTimeout: 0,
      maxHeaderSize: MAX_HEAD_BYTES,
    });
    const connection: Connection = { client, isUp: false, heads };
    client.on('connect', () => {
      connection.isUp = true;
    });
    client.on('disconnect', () => {
      connection.isUp = false;
      const at = this.#idle.lastIndexOf(connection);
      if (at === -1) return;
      this.#idle.splice(at, 1);
      this.drop(connection);
    });
    return connection;
  }

  /** After an answer that came whole. */
  give(connection: Connection): void {
    if (connection.isUp && !this.#isClosed && this.#idle.length < this.#settings.idle) this.#idle.push(connection);
    else this.drop(connection);
  }

  /** After anything else: nobody knows what is still on it. */
  drop({ client }: Connection): void {
    // Not in the middle of what the client is telling.
    queueMicrotask(() => void client.destroy());
  }

  /** Those that nobody uses are given up: their target is in doubt. */
  async dropIdle(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map(({ client }) => client.destroy()));
  }

  /** Keeps none from now on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.dropIdle();
  }
}
