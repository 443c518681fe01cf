import type { Form } from '@hufu/protocol/form';
import type { BotCheckConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpRequest } from '../http.ts';
import type { Locale } from '../interaction/pages/messages/locale.ts';
import { proofOfWork } from './proof-of-work.ts';
import type { BotPanel, BotProblem, BotProvider, BotPurpose } from './provider.ts';
import { recaptcha } from './recaptcha.ts';
import { turnstile } from './turnstile.ts';

/** The ways there are. */
const PROVIDERS: { readonly [Kind in BotCheckConfig['kind']]: BotProvider<Kind> } = { proof_of_work: proofOfWork, turnstile, recaptcha };

/**
 * What a page carries in its form so that a program has it harder than people (`policies.bot_check`); undefined where nothing is asked. It is asked of everybody who signs up or recovers, and of a
 * sign-in where several have failed (`SignInAttempt`).
 */
export function botPanel(ctx: Context, http: HttpRequest, purpose: BotPurpose, locale: Locale, before?: Form): BotPanel | undefined {
  const config = ctx.config.policies.botCheck;
  if (config === undefined) return undefined;
  return providerOf(config).panel(ctx, config, purpose, locale, before, http.nowMs);
}

/** Why a form is not taken; undefined where it is. Asked after everything that a person may get wrong has been looked at, since an answer is good for one time. */
export async function judgeBot(
  ctx: Context,
  http: HttpRequest,
  form: Form,
  purpose: BotPurpose,
  trail: Trail,
): Promise<BotProblem | undefined> {
  const config = ctx.config.policies.botCheck;
  if (config === undefined) return undefined;
  trail.at('bot_check');
  return await providerOf(config).judge(ctx, config, http, form, purpose);
}

function providerOf(config: BotCheckConfig): BotProvider {
  // Each provider gets the configuration that has its name.
  return PROVIDERS[config.kind] as BotProvider;
}
