import type { Form } from '@hufu/protocol/form';
import { makeRecoveryCodes } from '../../accounts/recovery-codes.ts';
import { findSecondFactors, hasSecondFactor } from '../../accounts/second-factors.ts';
import { tellUser } from '../../accounts/tell-user.ts';
import { addTotp, beginTotp, type PendingTotp, resumeTotp } from '../../accounts/totp-enrolment.ts';
import { brandOf } from '../../appearance/brand.ts';
import type { Context } from '../../context.ts';
import type { HttpReply, HttpRequest } from '../../http.ts';
import { addPasskey, NEW_PASSKEY_SCRIPTS, newPasskeyPanel } from '../new-passkey.ts';
import { PageError } from '../page-error.ts';
import { authenticatorPage, newCodesPage, newPasskeyPage, shownCodesPage } from '../pages/account/factor.ts';
import { messagesFor } from '../pages/messages/locale.ts';
import { askAgain } from './recent.ts';
import { readThingName } from './thing-name.ts';
import { accountRefusal, accountReply, actOnAccount, goOn, hrefOf, outcomeOf, showAccount, type Visit } from './visit.ts';

/** A new authenticator app: its secret, to be scanned. Nothing is kept before the first code. */
export function authenticatorGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return showAccount(ctx, http, 'authenticator', async (visit) => {
    requireTotp(visit);
    const again = await askAgain(visit);
    if (again !== undefined) return again;
    const totp = beginTotp(ctx, visit.session.user, boundTo(visit), http.nowMs);
    return accountReply(visit, authenticator(visit, totp, messagesFor(visit.locale).account.security.totpName, false));
  });
}

/** Adds it with the first right code. */
export function authenticatorPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return actOnAccount(ctx, http, 'authenticator', async (visit, form) => {
    requireTotp(visit);
    return (await askAgain(visit)) ?? (await addAuthenticator(visit, form));
  });
}

async function addAuthenticator(visit: Visit, form: Form): Promise<HttpReply> {
  const { ctx, http, session } = visit;
  const { user } = session;
  const sealed = form.get('totp') ?? '';
  const name = readThingName(form.get('name'), messagesFor(visit.locale).account.security.totpName);
  const sent = { boundTo: boundTo(visit), sealed, code: form.get('code') ?? '', name, session: session.session.id };
  const added = await addTotp(ctx, user, sent, http.nowMs);
  switch (added.kind) {
    case 'added':
      await tellUser(ctx, user, 'factor_added', { name }, visit.locale);
      return goOn(visit, 'security', 'factor_added');
    case 'wrong_code': {
      const same = resumeTotp(ctx, user, boundTo(visit), sealed, http.nowMs);
      if (same === undefined) return goOn(visit, 'security', 'changed');
      return accountRefusal(visit, 400, 'wrong code', authenticator(visit, same, name, true));
    }
    case 'full':
      return goOn(visit, 'security', 'full');
    case 'over':
    case 'changed':
      return goOn(visit, 'security', 'changed');
  }
}

function authenticator({ csrf }: Visit, totp: PendingTotp, name: string, isWrong: boolean): Parameters<typeof accountReply>[1] {
  return (frame) => authenticatorPage({ ...frame, csrf, totp, name, isWrong });
}

function boundTo({ session }: Visit): string {
  return `session ${session.session.id}`;
}

/** Where nobody adds one, there is no such page (attacks USR-22). */
function requireTotp({ ctx }: Visit): void {
  if (ctx.config.policies.signIn.secondFactor === 'off') throw new PageError('not_found', 'policies.sign_in.second_factor is off');
}

export function newPasskeyGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return showAccount(ctx, http, 'passkey', async (visit) => (await askAgain(visit)) ?? passkeyReply(visit, undefined));
}

/** Takes what the panel posted. */
export function newPasskeyPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return actOnAccount(ctx, http, 'passkey', async (visit, form) => {
    const again = await askAgain(visit);
    if (again !== undefined) return again;
    const added = await addPasskey(ctx, http, visit.session, form, visit.trail);
    return added.kind === 'added' ? goOn(visit, 'security', 'factor_added') : passkeyReply(visit, added);
  });
}

function passkeyReply(
  visit: Visit,
  refused: { readonly problem: Parameters<typeof newPasskeyPage>[0]['problem']; readonly detail: string } | undefined,
): HttpReply {
  const { ctx, http, csrf } = visit;
  const panel = newPasskeyPanel(ctx, http, { action: hrefOf(visit, '/account/security/passkey'), csrf });
  const render: Parameters<typeof accountReply>[1] = (frame) => newPasskeyPage({ ...frame, panel, problem: refused?.problem });
  return refused === undefined
    ? accountReply(visit, render, 200, NEW_PASSKEY_SCRIPTS)
    : accountRefusal(visit, 400, refused.detail, render, NEW_PASSKEY_SCRIPTS);
}

export function recoveryCodesGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return showAccount(ctx, http, 'recovery_codes', async (visit) => {
    const again = await askAgain(visit);
    if (again !== undefined) return again;
    const having = await findSecondFactors(ctx, visit.session.user);
    const view = { csrf: visit.csrf, outcome: outcomeOf(visit), left: having.recoveryCodes, isEarly: !hasSecondFactor(having) };
    return accountReply(visit, (frame) => newCodesPage({ ...frame, ...view }));
  });
}

/** Ten new ones, in the answer and nowhere else. */
export function recoveryCodesPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return actOnAccount(ctx, http, 'recovery_codes', async (visit) => {
    const again = await askAgain(visit);
    if (again !== undefined) return again;
    const { session, now, locale } = visit;
    const made = await makeRecoveryCodes(ctx, session.user, session.user.authVersion, session.session.id, now);
    if (made.kind !== 'made') return goOn(visit, 'recovery_codes', made.kind === 'changed' ? 'changed' : 'gone');
    await tellUser(ctx, session.user, 'recovery_codes_made', {}, locale);
    return accountReply(visit, (frame) => shownCodesPage({ ...frame, brand: brandOf(ctx), languages: [], codes: made.codes }));
  });
}
