import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Answer } from './answer.ts';
import { type AnswerHeaderRules, answerHeaders } from './answer-headers.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import { ExchangeTimers } from './exchange-timers.ts';
import type { ForwardEnd, ForwardTask, HeadVerdict, OpenStream } from './forward-task.ts';
import { boundDrain, linger } from './linger.ts';
import { type Refusal, refuse } from './refusal.ts';
import { BodyStopped, BodyTooLarge, RequestBody } from './request-body.ts';
import { type Failure, type Lease, type Outcome, UpstreamAway, type Waiting } from './upstream.ts';

/** However often an upstream says that it may be tried again. */
const MAX_TRIES = 5;
/** How long the head of an answer may be looked at. */
const HEAD_CHECK_MS = 5_000;
const ABORTED: Outcome = { kind: 'aborted' };

const TOO_LARGE = refuse(413, 'body_too_large', 'the body is larger than what is taken here');
const BAD_GATEWAY = refuse(502, 'upstream_failed', 'the service behind gave no answer that can be passed on');
const TIMED_OUT = refuse(504, 'upstream_timeout', 'the service behind did not answer in time');
const BODY_IDLE = refuse(408, 'body_idle', 'the rest of the body did not come');
const HELD_UP = refuse(503, 'action_failed', 'the service has asked for something that cannot be done at the moment', ['retry-after', '1']);
const NOT_SENDABLE = refuse(400, 'not_sendable', 'the request cannot be passed on as it is');

/** Sends a request on and its answer back, both as they come. */
export function forward(request: IncomingMessage, response: ServerResponse, task: ForwardTask): void {
  new Forwarding(request, response, task).start();
}

/** What has come of an answer whose head is looked at: an answer to HEAD ends however slowly it is read. */
interface Held {
  readonly chunks: Buffer[];
  isWhole: boolean;
}

class Forwarding implements AttemptOwner, OpenStream {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #task: ForwardTask;
  readonly #timers: ExchangeTimers;
  #body: Buffer | RequestBody | null = null;
  #waiting: Waiting | undefined;
  #attempt: Attempt | undefined;
  #answer: Answer | undefined;
  #held: Held | undefined;
  #joined: OpenStream | undefined;
  #status: number | undefined;
  #tried: readonly string[] = [];
  #tries = 0;
  #error: unknown;
  #target: string | undefined;
  #isOver = false;
  #isPaused = false;
  #isWatchingDrain = false;

  constructor(request: IncomingMessage, response: ServerResponse, task: ForwardTask) {
    this.#request = request;
    this.#response = response;
    this.#task = task;
    this.#timers = new ExchangeTimers(task.timers, task.times);
  }

  start(): void {
    const { length, isChunked, bodyLimit, expectsContinue } = this.#task;
    if (this.#response.closed || this.#response.destroyed || this.#request.socket.destroyed) {
      this.#end('client_gone');
      return;
    }
    if (length !== undefined && length > bodyLimit) {
      this.#refuse(TOO_LARGE);
      return;
    }
    this.#response.on('close', () => this.#breakOff('client_gone', ABORTED));
    this.#timers.begin(() => this.#onTooLong());
    if (!isChunked && (length === undefined || length === 0)) this.#acquire();
    else if (expectsContinue) this.#streamBody();
    else if (this.#isBodyHere()) this.#readBody();
    // What came together with the head is parsed right after this.
    else process.nextTick(() => this.#readBody());
  }

  /** A body that is here as a whole is kept, and can be sent again; another one is passed on as it comes. */
  #readBody(): void {
    if (this.#isOver) return;
    const request = this.#request;
    if (!this.#isBodyHere()) this.#streamBody();
    else if (request.readableLength > this.#task.bodyLimit) this.#refuse(TOO_LARGE);
    else {
      const body: unknown = request.read();
      this.#body = Buffer.isBuffer(body) ? body : null;
      this.#acquire();
    }
  }

  #isBodyHere(): boolean {
    return this.#request.complete || (this.#task.length !== undefined && this.#request.readableLength >= this.#task.length);
  }

  #streamBody(): void {
    const { bodyLimit, times, timers } = this.#task;
    this.#body = new RequestBody(this.#request, bodyLimit, times.bodyIdleMs, timers);
    this.#acquire();
  }

  #acquire(): void {
    const { upstream, identity } = this.#task;
    const replayable = !(this.#body instanceof RequestBody);
    const asked = {
      method: this.#request.method ?? 'GET',
      replayable,
      stream: this.#task.join !== undefined,
      tried: this.#tried,
      identity,
    };
    try {
      const got = upstream.acquire(asked);
      if (!('cancel' in got)) {
        this.#send(got);
        return;
      }
      this.#waiting = got;
      got.lease.then(
        (lease) => this.#onLease(lease),
        (error: unknown) => this.#onAway(error),
      );
    } catch (error) {
      this.#onAway(error);
    }
  }

  #onLease(lease: Lease): void {
    this.#waiting = undefined;
    if (this.#isOver) lease.end(ABORTED);
    else this.#send(lease);
  }

  #onAway(error: unknown): void {
    this.#waiting = undefined;
    this.#error = error;
    this.#refuse(error instanceof UpstreamAway ? away(error) : BAD_GATEWAY);
  }

  #send(lease: Lease): void {
    const { target, headers, length, expectsContinue } = this.#task;
    const attempt = new Attempt(this, lease);
    this.#attempt = attempt;
    this.#target = lease.target;
    this.#tries++;
    const body = this.#body;
    const isStreamed = body instanceof RequestBody;
    if (isStreamed && expectsContinue && this.#tries === 1) this.#response.writeContinue();
    lease.dispatcher.dispatch(
      {
        path: target,
        method: this.#request.method ?? 'GET',
        headers: isStreamed && length !== undefined ? [...headers, 'content-length', String(length)] : headers,
        body,
        headersTimeout: lease.headTimeoutMs,
        bodyTimeout: 0,
        upgrade: this.#task.join === undefined ? null : 'websocket',
      },
      attempt,
    );
  }

  /** Each of them begins the dispatcher's time for a head anew: all of them together have it once more. */
  onInterim(attempt: Attempt): void {
    const { headTimeoutMs } = attempt.lease;
    if (headTimeoutMs > 0) this.#timers.awaitHead(headTimeoutMs, () => attempt.timeOut());
  }

  onHead(attempt: Attempt, status: number, headers: IncomingHttpHeaders): void {
    if (attempt.lease.answered(status) === 'again') {
      attempt.abandon();
      this.#tryAgain(attempt.lease, BAD_GATEWAY);
      return;
    }
    const verdict = this.#task.onHead?.(status, headers);
    if (verdict === undefined) this.#pass(attempt, status, headers, this.#task.answer);
    else this.#hold(attempt, status, headers, verdict);
  }

  /** Reads nothing on until it is said what becomes of the answer; what has come by then is kept. */
  #hold(attempt: Attempt, status: number, headers: IncomingHttpHeaders, verdict: Promise<HeadVerdict>): void {
    const { answer, timers } = this.#task;
    const held: Held = { chunks: [], isWhole: false };
    this.#held = held;
    attempt.pause();
    const decide = (said: HeadVerdict): void => {
      stop();
      if (this.#isOver || this.#held !== held) return;
      this.#held = undefined;
      if (said.kind === 'refused') {
        this.#attempt = undefined;
        attempt.abandon();
        attempt.lease.end(held.isWhole ? { kind: 'whole' } : ABORTED);
        this.#refuse(said);
        return;
      }
      // What is said to this client alone is for no shared cache.
      const caching = said.lines.length === 0 ? answer.caching : 'identified';
      this.#pass(attempt, status, headers, { ...answer, caching, ours: [...answer.ours, ...said.lines] });
      for (const chunk of held.chunks) this.onData(attempt, chunk);
      if (held.isWhole) this.onWhole(attempt);
      else if (!this.#isPaused) attempt.resume();
    };
    const stop = timers.later(HEAD_CHECK_MS, () => decide(HELD_UP));
    verdict.then(decide, () => decide(HELD_UP));
  }

  #pass(attempt: Attempt, status: number, headers: IncomingHttpHeaders, rules: AnswerHeaderRules): void {
    this.#status = status;
    const { lines, length } = answerHeaders(headers, status, rules);
    const end = length !== undefined ? 'length' : headers['transfer-encoding'] === undefined ? 'close' : 'chunks';
    this.#answer = new Answer(this.#response, status, lines, end, () => this.#onOpened(attempt, headers));
  }

  onData(attempt: Attempt, chunk: Buffer): void {
    this.#timers.came();
    if (this.#held !== undefined) {
      this.#held.chunks.push(chunk);
      return;
    }
    if (this.#answer?.write(chunk) !== false || this.#isPaused) return;
    this.#isPaused = true;
    attempt.pause();
    this.#timers.stalls(() => this.#breakOff('client_stalled', ABORTED));
    if (this.#isWatchingDrain) return;
    this.#isWatchingDrain = true;
    this.#response.on('drain', () => {
      this.#isPaused = false;
      this.#timers.drains();
      this.#attempt?.resume();
    });
  }

  onWhole(attempt: Attempt): void {
    if (this.#held !== undefined) {
      this.#held.isWhole = true;
      return;
    }
    attempt.lease.end({ kind: 'whole' });
    this.#attempt = undefined;
    this.#answer?.end();
    boundDrain(this.#response, this.#task.timers, this.#task.times.stallMs);
    this.#end('whole');
  }

  onUpgraded(attempt: Attempt, headers: IncomingHttpHeaders, inside: Duplex): void {
    inside.on('error', () => undefined);
    const joined = this.#task.join?.(headers, inside, (how) => {
      this.#attempt = undefined;
      attempt.lease.end({ kind: 'whole' });
      this.#end(how);
    });
    if (joined === undefined) {
      inside.destroy();
      this.onFailure(attempt, { kind: 'failed', phase: 'head', cause: 'protocol', sent: true });
      return;
    }
    this.#timers.stop();
    this.#status = 101;
    this.#joined = joined;
    attempt.lease.answered(101);
    this.#task.watcher.onStream?.(this);
  }

  onFailure(attempt: Attempt, failure: Failure | undefined, error?: Error): void {
    this.#attempt = undefined;
    this.#error = error;
    const fault = faultOfClient(failure, error);
    if (fault !== undefined) {
      attempt.lease.end(ABORTED);
      if (fault === 'gone') this.#end('client_gone');
      else this.#fail(fault);
      return;
    }
    if (failure === undefined) return;
    const refusal = failure.cause === 'timeout' && failure.phase === 'head' ? TIMED_OUT : BAD_GATEWAY;
    const isKept = !failure.sent || !(this.#body instanceof RequestBody);
    if (attempt.lease.end(failure) === 'again' && failure.phase !== 'body' && isKept) this.#tryAgain(attempt.lease, refusal);
    else this.#fail(refusal);
  }

  /** Ends what stays open, in the middle. */
  cut(): void {
    if (this.#joined === undefined) this.#breakOff('cut', ABORTED);
    else this.#joined.cut();
  }

  #tryAgain(lease: Lease, otherwise: Refusal): void {
    this.#attempt = undefined;
    if (this.#isOver) return;
    this.#tried = [...this.#tried, lease.target];
    if (this.#tries < MAX_TRIES) this.#acquire();
    else this.#refuse(otherwise);
  }

  /** Before the head a refusal; after it the end of the connection: half an answer is none. */
  #fail(refusal: Refusal): void {
    if (this.#answer === undefined) this.#refuse(refusal);
    else {
      this.#answer.break();
      this.#end('upstream_broke');
    }
  }

  #refuse(refusal: Refusal): void {
    if (this.#isOver) return;
    this.#task.watcher.refuse(refusal);
    this.#end('refused');
  }

  #onTooLong(): void {
    if (this.#answer !== undefined) {
      this.#breakOff('too_long', ABORTED);
      return;
    }
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.abandon();
    attempt?.lease.end({ kind: 'failed', phase: 'head', cause: 'timeout', sent: true });
    this.#refuse(TIMED_OUT);
  }

  #breakOff(how: ForwardEnd['how'], outcome: Outcome): void {
    if (this.#isOver) return;
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.abandon();
    attempt?.lease.end(outcome);
    if (this.#answer === undefined) this.#response.destroy();
    else this.#answer.break();
    this.#end(how);
  }

  /** Once, however it ends. */
  #end(how: ForwardEnd['how']): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting?.cancel();
    this.#timers.stop();
    if (this.#body instanceof RequestBody) this.#body.destroy();
    linger(this.#request, this.#task.timers);
    this.#task.watcher.onEnd?.({ how, status: this.#status, target: this.#target, tries: this.#tries, error: this.#error });
  }

  /** The answer is longer than a turn of the event loop. */
  #onOpened(attempt: Attempt, headers: IncomingHttpHeaders): void {
    if (this.#isOver) return;
    const onStream = (): void => {
      attempt.lease.streams();
      this.#task.watcher.onStream?.(this);
    };
    this.#timers.opened(onStream, () => this.#breakOff('idle', { kind: 'failed', phase: 'body', cause: 'timeout', sent: true }));
    if (headers['content-type']?.startsWith('text/event-stream') !== true) return;
    this.#timers.streams();
    onStream();
  }
}

/** What went wrong on the client's side: undefined, where it was the upstream's. */
function faultOfClient(failure: Failure | undefined, error: Error | undefined): Refusal | 'gone' | undefined {
  if (error instanceof BodyTooLarge) return TOO_LARGE;
  if (error instanceof BodyStopped) return error.reason === 'gone' ? 'gone' : BODY_IDLE;
  return failure === undefined ? NOT_SENDABLE : undefined;
}

function away(error: UpstreamAway): Refusal {
  return refuse(503, error.reason, 'the service behind takes no request at the moment', ['retry-after', String(error.retryAfterSeconds)]);
}
