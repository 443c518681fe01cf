import { Client, type Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';

/** How a target is asked whether it does well. */
export interface CheckRule {
  readonly path: string;
  /** Milliseconds from one check to the next, give or take a tenth. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** That many in a row say that it does well, or ill. */
  readonly well: number;
  readonly ill: number;
  /** What says well, both included. */
  readonly statuses: { readonly from: number; readonly to: number };
}

export interface CheckedTarget {
  readonly url: string;
  readonly ca: string | undefined;
  /** Called once as many in a row say the same as it takes, and with each more. */
  readonly found: (found: 'well' | 'ill') => void;
}

/** What is read of an answer. */
const MAX_BYTES = 65_536;

/**
 * Asks a target how it does, over and over, on a connection of its own each time: whether it takes connections is part of the question. The first time somewhere in
 * the first interval, so that many gateways do not ask at once.
 *
 * @returns what stops it
 */
export function startChecks(rule: CheckRule, { url, ca, found }: CheckedTarget, clock: Clock): () => void {
  const tls = ca === undefined ? {} : { ca };
  const client = new Client(url, { allowH2: false, connect: { timeout: rule.timeoutMs, ...tls }, headersTimeout: 0, bodyTimeout: 0 });
  let inRow = 0;
  let last: 'well' | 'ill' | undefined;
  let stopTimer = clock.later(rule.intervalMs * clock.chance(), ask);
  let isStopped = false;

  function ask(): void {
    const check = new Check(rule, judge);
    clock.later(rule.timeoutMs, () => check.giveUp());
    client.dispatch({ method: 'GET', path: rule.path, headers: { 'user-agent': 'hufu-health' }, reset: true }, check);
    function judge(said: 'well' | 'ill'): void {
      if (isStopped) return;
      inRow = said === last ? inRow + 1 : 1;
      last = said;
      stopTimer = clock.later(rule.intervalMs * (0.9 + 0.2 * clock.chance()), ask);
      if (inRow >= rule[said]) found(said);
    }
  }

  return () => {
    isStopped = true;
    stopTimer();
    void client.destroy();
  };
}

class Check implements Dispatcher.DispatchHandler {
  readonly #rule: CheckRule;
  readonly #judge: (said: 'well' | 'ill') => void;
  #controller: Dispatcher.DispatchController | undefined;
  #isOver = false;
  #bytes = 0;

  constructor(rule: CheckRule, judge: (said: 'well' | 'ill') => void) {
    this.#rule = rule;
    this.#judge = judge;
  }

  /** Also in the middle of an answer that does not end: the next check needs the connection. */
  giveUp(): void {
    this.#say('ill');
    this.#controller?.abort(new Error('the check took too long'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new Error('the check is over'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return;
    const { from, to } = this.#rule.statuses;
    this.#say(status >= from && status <= to ? 'well' : 'ill');
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_BYTES) controller.abort(new Error('the answer to the check is too long'));
  }

  onResponseEnd(): void {}

  onResponseError(): void {
    this.#say('ill');
  }

  #say(said: 'well' | 'ill'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#judge(said);
  }
}
