import type { ChallengeRecord } from '@hufu/store/port';
import { brandOf } from '../appearance/brand.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { type Asked, readAsked, writeAsked } from '../mail/asked.ts';
import { requireMail } from '../mail/require-mail.ts';
import { tryMailCode } from '../mail/try-code.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { type Aim, aimParameters } from './aim.ts';
import { csrfToken } from './csrf.ts';
import { formPage } from './form-page.ts';
import { PageError } from './page-error.ts';
import { languageLinks, localeOf, pageLink } from './page-locale.ts';
import { type CodeProblem, emailCodePage } from './pages/email-code.ts';
import { type Step, showStep, takeStep } from './step.ts';

/** What a code from a mail is typed for, on a page of its own. */
export interface CodeStep {
  readonly path: string;
  readonly endpoint: string;
  readonly purpose: ChallengeRecord['purpose'];
  /** Where another mail is asked for. */
  readonly againPath: string;
  readonly says: 'if_there' | 'sent';
  /** Throws where the policy does not have it. */
  require(ctx: Context): void;
  /** The reply to a code that was right, and is used up by now; undefined where it leads nowhere any more. */
  finish(ctx: Context, http: HttpRequest, challenge: ChallengeRecord, aim: Aim, trail: Trail): Promise<HttpReply | undefined>;
}

/** The address of the page, for a browser that has just asked. */
export function codePath(step: Pick<CodeStep, 'path'>, asked: string, aim: Aim): string {
  return `${step.path}?${new URLSearchParams([['asked', asked], ...aimParameters(aim).map(([name, value]) => [name, value])]).toString()}`;
}

export async function emailCodeGet(ctx: Context, http: HttpRequest, step: CodeStep): Promise<HttpReply> {
  return await showStep(ctx, http, stepOf(step), (query, aim) => {
    return page(ctx, http, step, requireAsked(ctx, http, step, query.get('asked')), aim, 200, undefined);
  });
}

/** Takes the code, in the browser that asked for it, and one try from the mail before it is looked at (attacks USR-13). */
export async function emailCodePost(ctx: Context, http: HttpRequest, step: CodeStep): Promise<HttpReply> {
  return await takeStep(ctx, http, stepOf(step), async (form, aim, trail) => {
    trail.at('mail_code');
    const asked = requireAsked(ctx, http, step, form.get('asked'));
    const outcome = await tryMailCode(ctx, asked, form.get('code') ?? '', Math.floor(http.nowMs / 1000));
    if (outcome.kind !== 'right') return refused(ctx, http, step, asked, aim, outcome, trail);
    const reply = await step.finish(ctx, http, outcome.challenge, aim, trail);
    return reply ?? refused(ctx, http, step, asked, aim, { kind: 'wrong', triesLeft: 0 }, trail);
  });
}

function stepOf(step: CodeStep): Step {
  const require = (ctx: Context): void => {
    requireMail(ctx);
    step.require(ctx);
  };
  return { path: step.path, endpoint: step.endpoint, require };
}

function requireAsked(ctx: Context, http: HttpRequest, { purpose }: CodeStep, text: string | undefined): Asked {
  const asked = readAsked(ctx, text, { purpose, browserId: browserOf(ctx, http).id });
  if (asked === undefined) throw new PageError('request_unknown', 'this browser has asked for no such mail');
  return asked;
}

function refused(ctx: Context, http: HttpRequest, step: CodeStep, asked: Asked, aim: Aim, problem: CodeProblem, trail: Trail): HttpReply {
  const status = problem.kind === 'no_code' ? 400 : 401;
  const error = { code: 'access_denied', description: 'not the code of the mail' } as const;
  if (step.purpose === 'sign_in') ctx.metrics.meter.signInFailed('email_code');
  const decision = ctx.decisions.record(step.endpoint, status, error, trail, http.nowMs);
  const reply = page(ctx, http, step, asked, aim, status, problem);
  return { ...reply, headers: { ...reply.headers, 'hufu-decision': decision } };
}

function page(
  ctx: Context,
  http: HttpRequest,
  step: CodeStep,
  { address, challenge, purpose, browserId }: Asked,
  aim: Aim,
  status: number,
  problem: CodeProblem | undefined,
): HttpReply {
  const locale = localeOf(http, aim.way?.request.uiLocales);
  const browser = browserOf(ctx, http);
  const { text } = aim;
  const asked = writeAsked(ctx, { address, challenge, purpose, browserId });
  const parameters = aimParameters(aim);
  const body = emailCodePage({
    locale,
    brand: brandOf(ctx),
    languages: languageLinks(step.path, [['asked', asked], ...parameters]),
    form: {
      action: step.path,
      csrf: csrfToken(ctx, browser.id, step.path),
      request: text ?? '',
      more: parameters.filter(([name]) => name !== 'request'),
    },
    asked,
    address,
    says: step.says,
    againHref: pageLink(step.againPath, parameters, locale),
    ...(problem === undefined ? {} : { problem }),
  });
  return formPage(ctx, browser, body, { status, opener: 'popup' });
}
