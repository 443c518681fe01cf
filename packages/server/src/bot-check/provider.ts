import type { Form } from '@hufu/protocol/form';
import type { BotCheckConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import type { PageHeaderOptions } from '../interaction/pages/headers.ts';
import type { Html } from '../interaction/pages/html.ts';
import type { Locale } from '../interaction/pages/messages/locale.ts';

/** What somebody is about to do. */
export type BotPurpose = 'sign_up' | 'recovery' | 'sign_in';

/** Why a form is not taken: `missing` where nothing, or nothing right, was shown; `wait` where that is all that is left to do; `away` where nobody can judge it now. */
export type BotProblem = { readonly kind: 'missing' | 'away' } | { readonly kind: 'wait'; readonly seconds: number };

/** A check as one page carries it, inside its form. */
export interface BotPanel {
  readonly html: Html;
  readonly headers: Pick<PageHeaderOptions, 'scripts' | 'foreignScripts' | 'frames'>;
}

/** One way to tell people from programs: a file, and a line in `bot-check.ts`. */
export interface BotProvider<Kind extends BotCheckConfig['kind'] = BotCheckConfig['kind']> {
  /** `before`: the form that came back, whose check may still stand. */
  panel(
    ctx: Context,
    config: Extract<BotCheckConfig, { kind: Kind }>,
    purpose: BotPurpose,
    locale: Locale,
    before: Form | undefined,
    nowMs: number,
  ): BotPanel;
  /** Undefined: it is somebody. */
  judge(
    ctx: Context,
    config: Extract<BotCheckConfig, { kind: Kind }>,
    http: HttpRequest,
    form: Form,
    purpose: BotPurpose,
  ): Promise<BotProblem | undefined>;
}
