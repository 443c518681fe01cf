import type { UserId } from '@hufu/protocol/ids';
import type { GrantRecord } from '@hufu/store/port';
import type { Check } from './checks.ts';

/**
 * The checks of one request, in order. `at` names the check that begins; the one before it has then passed. When a refusal ends the
 * request, the last one is the one that failed. Costs a push, so that the fast path can afford to be explainable.
 */
export class Trail {
  readonly #checks: Check[] = [];
  /** Whose request it is once that is known; before, the beginning of what it claimed. */
  clientId = '';
  /**
   * What the request asks about over and over, such as a device code that nobody has decided on. Refusals with the same code for the same
   * reason are then one decision, so that those who poll do not push out of the records what an administrator looks for.
   */
  repeats: string | undefined;
  /** The grant that the request stands on, as it was found, once the request has shown a secret of it. */
  grant: GrantRecord | undefined;
  /** Who has shown their password for it. */
  user: UserId | undefined;
  /** What its access token may do, once everything has been judged and before anything is taken. */
  scopes: readonly string[] | undefined;

  at(check: Check): void {
    this.#checks.push(check);
  }

  /** Each check that was reached, in order; the last is the one under way. */
  get reached(): readonly Check[] {
    return this.#checks;
  }
}
