import type { Form } from '@hufu/protocol/form';
import type { UserRecord } from '@hufu/store/port';
import type { SecondFactors } from '../accounts/second-factors.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpRequest } from '../http.ts';
import type { ProvedMethod } from '../sessions/methods.ts';
import type { Progress } from './progress.ts';

/** Somebody who is to show a second factor. */
export interface Verifying {
  readonly user: UserRecord;
  readonly having: SecondFactors;
  readonly progress: Progress;
}

/** What became of a code that was typed. `wrong`, `limited` and `off` come back as the page with words. */
export type WayOutcome =
  | { readonly kind: 'proved'; readonly method: ProvedMethod }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  /** Too many wrong ones in a row: this way is closed until another is gone. */
  | { readonly kind: 'off' };

/** A way to show a second factor by typing a `code` on `/signin/verify`. Passkeys have a form of their own there (`passkey-form.ts`). */
export interface SecondWay {
  /** As `way` of the page names it. */
  readonly name: 'totp' | 'recovery_code';
  /** Whether somebody with that can go it. */
  isOpen(having: SecondFactors): boolean;
  /** Judges what was sent: counts the try before it looks, and consumes what is right in the store, by one atomic statement, before it says `proved`. */
  prove(ctx: Context, http: HttpRequest, form: Form, verifying: Verifying, trail: Trail): Promise<WayOutcome>;
}
