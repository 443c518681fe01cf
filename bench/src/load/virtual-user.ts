import { connect, type Socket } from 'node:net';
import { nowMs } from '../clock.ts';
import { type Check, WrongAnswer } from './checks.ts';
import { FreshJwtWriter } from './fresh-jwt.ts';
import type { Plan } from './plan.ts';
import type { RequestWriter } from './request-writer.ts';
import { ResponseReader } from './response-reader.ts';

/** All connections read into the same bytes: an answer is looked at before the next read. */
const RECEIVED = Buffer.allocUnsafeSlow(64 * 1024);

export interface Progress {
  /** A right answer after so many milliseconds. Returns false once no more requests are wanted. */
  answered(ms: number): boolean;
  /** The user has nothing more to send, and no request is out. */
  finished(): void;
  failed(reason: string): void;
}

/** One keep-alive connection in a closed loop: the next request goes out once the answer is in. Its credentials are its own. */
export class VirtualUser {
  readonly #plan: Plan;
  readonly #writer: RequestWriter;
  readonly #check: Check;
  readonly #progress: Progress;
  readonly #reader: ResponseReader = new ResponseReader();
  /** Indices into the plan's credentials. */
  readonly #indices: readonly number[];
  readonly #credentials: string[];
  readonly #requests: Buffer[];
  /** One per credential where each request carries a JWT of its own. */
  readonly #signers: readonly FreshJwtWriter[];
  readonly #socket: Socket;
  #turn = 0;
  #sentAt = 0;
  #ended = false;

  constructor(plan: Plan, indices: readonly number[], writer: RequestWriter, check: Check, progress: Progress) {
    this.#plan = plan;
    this.#indices = indices;
    this.#credentials = indices.map((index) => plan.credentials[index] ?? '');
    this.#writer = writer;
    this.#check = check;
    this.#progress = progress;
    const { signs } = plan;
    this.#signers = signs === undefined ? [] : this.#credentials.map((key) => new FreshJwtWriter(signs, key));
    const stays = plan.use === 'cycle' || plan.use === 'once';
    this.#requests = stays ? this.#credentials.map((credential) => Buffer.from(writer.write(credential), 'latin1')) : [];
    this.#socket = connect({
      host: plan.host,
      port: plan.port,
      noDelay: true,
      onread: {
        buffer: RECEIVED,
        callback: (length, bytes) => {
          this.#receive(Buffer.isBuffer(bytes) ? bytes : RECEIVED, length);
          return true;
        },
      },
    });
    this.#socket.on('error', (error) => this.#fail(`connection: ${error.message}`));
    this.#socket.on('close', () => this.#fail('the server closed the connection'));
  }

  connected(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.once('connect', resolve);
    });
  }

  send(): void {
    const request =
      this.#requests[this.#turn] ?? this.#writer.write(this.#signers[this.#turn]?.write() ?? this.#credentials[this.#turn] ?? '');
    this.#sentAt = nowMs();
    if (typeof request === 'string') this.#socket.write(request, 'latin1');
    else this.#socket.write(request);
  }

  end(): void {
    this.#ended = true;
    this.#socket.destroy();
  }

  #receive(bytes: Buffer, length: number): void {
    if (this.#ended) return;
    try {
      if (!this.#reader.push(bytes, length)) return;
      const ms = nowMs() - this.#sentAt;
      const turn = this.#turn;
      const sent = this.#credentials[turn] ?? '';
      const next = this.#check(this.#reader, this.#indices[turn] ?? 0, sent);
      if (this.#plan.use === 'rotate') this.#credentials[turn] = next;
      this.#turn = turn + 1;
      const more = this.#progress.answered(ms);
      if (this.#turn === this.#credentials.length) {
        if (this.#plan.use === 'once') return this.#progress.finished();
        this.#turn = 0;
      }
      if (!more) return this.#progress.finished();
      if (this.#reader.closes) throw new WrongAnswer('the server wants to close the connection');
      this.send();
    } catch (error) {
      this.#fail(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
  }

  #fail(reason: string): void {
    if (this.#ended) return;
    this.end();
    this.#progress.failed(reason);
  }
}
