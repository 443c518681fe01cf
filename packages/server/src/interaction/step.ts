import { OAuthError } from '@hufu/protocol/errors';
import { type Form, type FormRules, readQuery } from '@hufu/protocol/form';
import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireForm } from '../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { type Aim, readAim } from './aim.ts';
import { requireOwnForm } from './csrf.ts';
import { decline, refuse } from './way.ts';

/** A page on somebody's way in: they come from it to a client, or to a page of ours. */
export interface Step {
  readonly path: string;
  /** As decisions call it. */
  readonly endpoint: string;
  /** Throws where the policy does not have the page; asked of every request, not of the page alone (attacks USR-22). */
  readonly require?: (ctx: Context, trail: Trail) => void;
  /** How its form is read. */
  readonly form?: FormRules;
  /** What the client hears of somebody who goes back; undefined where the page has no such button. */
  readonly cancelled?: string;
}

/** What a step does with the parameters of its address, or with its form. */
type Act = (sent: Form, aim: Aim, trail: Trail) => HttpReply | Promise<HttpReply>;

/** Shows the page of a step. What goes wrong once the client is known is for the client to hear. */
export async function showStep(ctx: Context, http: HttpRequest, step: Omit<Step, 'path'>, show: Act): Promise<HttpReply> {
  const trail = new Trail();
  let aim: Aim | undefined;
  try {
    step.require?.(ctx, trail);
    trail.at('parameters');
    const query = readQuery(http.query, { repetition: 'listed' });
    aim = await readAim(ctx, http, query, trail);
    return await show(query, aim, trail);
  } catch (error) {
    return await refuse(ctx, step.endpoint, http, error, aim?.way?.request, trail);
  }
}

/** Takes the form of a step, sent from that very page in this browser. */
export async function takeStep(ctx: Context, http: HttpRequest, step: Step, take: Act): Promise<HttpReply> {
  const trail = new Trail();
  let aim: Aim | undefined;
  try {
    step.require?.(ctx, trail);
    trail.at('parameters');
    const form = requireForm(http, step.form);
    trail.at('same_site');
    requireOwnForm(ctx, http, form, step.path);
    aim = await readAim(ctx, http, form, trail);
    if (step.cancelled !== undefined && form.has('cancel')) return await cancel(ctx, http, aim, step.cancelled, trail);
    return await take(form, aim, trail);
  } catch (error) {
    return await refuse(ctx, step.endpoint, http, error, aim?.way?.request, trail);
  }
}

async function cancel(ctx: Context, http: HttpRequest, { way }: Aim, why: string, trail: Trail): Promise<HttpReply> {
  if (way === undefined) return seeOther('/');
  trail.at('authentication');
  return await decline(ctx, http, way.request, new OAuthError('access_denied', why), trail);
}
