import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Failure, Lease } from './upstream.ts';

/** Whose attempt it is. */
export interface AttemptOwner {
  /** The head of the answer. Not called after the attempt is over. */
  onHead(attempt: Attempt, status: number, headers: IncomingHttpHeaders): void;
  /** The first of any number of answers that come before the answer (RFC 9110 §15.2). */
  onInterim?(attempt: Attempt): void;
  onData(attempt: Attempt, chunk: Buffer): void;
  onWhole(attempt: Attempt): void;
  /** The other protocol begins: the socket is the owner's. */
  onUpgraded(attempt: Attempt, headers: IncomingHttpHeaders, socket: Duplex): void;
  /** Undefined: the request itself could not be sent as it is. */
  onFailure(attempt: Attempt, failure: Failure | undefined, error: Error): void;
}

/** Answers that may come before the answer. */
const MAX_INTERIM = 32;

/** One request to one target, as the dispatcher tells of it. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly lease: Lease;
  readonly #owner: AttemptOwner;
  #controller: Dispatcher.DispatchController | undefined;
  #isOver = false;
  #hasHead = false;
  #interim = 0;

  constructor(owner: AttemptOwner, lease: Lease) {
    this.#owner = owner;
    this.lease = lease;
  }

  /** Ends it without another word: nobody waits for it. Its connection is given up. */
  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller?.abort(new Error('abandoned'));
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new Error('abandoned'));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#isOver) return;
    // 1xx stay inside; a 101 here is one that changes no protocol.
    if (status > 101 && status < 200) {
      this.#onInterim();
      return;
    }
    if (status < 200 || !isCodingTaken(headers['transfer-encoding'])) {
      this.#fail({ kind: 'failed', phase: 'head', cause: 'protocol', sent: true }, new Error(`an answer that cannot be: ${status}`));
      return;
    }
    this.#hasHead = true;
    this.#owner.onHead(this, status, headers);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isOver) this.#owner.onData(this, chunk);
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#owner.onWhole(this);
  }

  onRequestUpgrade(_: Dispatcher.DispatchController, __: number, headers: IncomingHttpHeaders, socket: Duplex): void {
    if (this.#isOver) {
      socket.destroy();
      return;
    }
    this.#isOver = true;
    this.#owner.onUpgraded(this, headers, socket);
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#owner.onFailure(this, this.#failureOf(error), error);
  }

  /** There is still no head. */
  timeOut(): void {
    if (this.#isOver || this.#hasHead) return;
    this.#fail({ kind: 'failed', phase: 'head', cause: 'timeout', sent: true }, new Error('no answer came after interim ones'));
  }

  #onInterim(): void {
    this.#interim += 1;
    if (this.#interim === 1) this.#owner.onInterim?.(this);
    if (this.#interim <= MAX_INTERIM) return;
    this.#fail({ kind: 'failed', phase: 'head', cause: 'protocol', sent: true }, new Error(`more than ${MAX_INTERIM} interim answers`));
  }

  #fail(failure: Failure, error: Error): void {
    this.abandon();
    this.#owner.onFailure(this, failure, error);
  }

  /** What the dispatcher's error means (its codes, Node's and those of the parser). */
  #failureOf(error: Error): Failure | undefined {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED' || code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH')
      return undefined;
    const sent = this.#controller !== undefined;
    const phase = !sent ? 'connect' : this.#hasHead ? 'body' : 'head';
    return { kind: 'failed', phase, cause: causeOf(code), sent };
  }
}

function causeOf(code: string): Failure['cause'] {
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT' || code === 'ETIMEDOUT')
    return 'timeout';
  if (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return 'protocol';
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'EAI_AGAIN')
    return 'refused';
  return 'reset';
}

/** RFC 9112 §6.1: another coding than `chunked` has no end that everybody sees. */
function isCodingTaken(coding: string | string[] | undefined): boolean {
  return coding === undefined || (typeof coding === 'string' && coding.toLowerCase() === 'chunked');
}
