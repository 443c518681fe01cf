import type { Context } from './context.ts';
import type { HttpReply, HttpRequest } from './http.ts';

/** A page as its room has it. */
type Page = (ctx: Context, http: HttpRequest) => HttpReply | Promise<HttpReply>;

/** As `Route` has it. */
export interface PageRoute {
  readonly path: string;
  readonly methods: Readonly<Partial<Record<'GET' | 'POST', (http: HttpRequest) => Promise<HttpReply>>>>;
  readonly crossOrigin: 'none';
}

/** The pages for people. Each room is loaded when somebody first comes: a server that starts, or only serves tokens, does not wait for them. */
export function pageRoutes(ctx: Context): readonly PageRoute[] {
  const pages: PageRoute[] = [];
  /** A path, where its room is, and what of the room answers. */
  const add = <Name extends string>(
    path: string,
    load: () => Promise<Readonly<Record<NoInfer<Name>, Page>>>,
    { GET: get, POST: post }: { readonly GET?: Name; readonly POST?: Name },
  ): void => {
    const answer =
      (name: Name) =>
      async (http: HttpRequest): Promise<HttpReply> =>
        (await load())[name](ctx, http);
    const methods = { ...(get === undefined ? {} : { GET: answer(get) }), ...(post === undefined ? {} : { POST: answer(post) }) };
    pages.push({ path, methods, crossOrigin: 'none' });
  };

  add('/signin', () => import('./interaction/sign-in.ts'), { GET: 'signInGet', POST: 'signInPost' });
  add('/signin/verify', () => import('./interaction/verify.ts'), { GET: 'verifyGet', POST: 'verifyPost' });
  add('/signin/enrol', () => import('./interaction/enrol.ts'), { GET: 'enrolGet', POST: 'enrolPost' });
  add('/signin/enrol/mail', () => import('./interaction/enrol-mail.ts'), { GET: 'enrolMailGet', POST: 'enrolMailPost' });
  add('/signin/passkey', () => import('./interaction/passkey-sign-in.ts'), { POST: 'passkeyPost' });
  add('/signin/passkey/options', () => import('./interaction/passkey-sign-in.ts'), { POST: 'passkeyOptionsPost' });
  add('/signin/enrol/passkey', () => import('./interaction/passkey-sign-in.ts'), { POST: 'enrolPasskeyPost' });
  add('/signin/devices', () => import('./interaction/sign-in-devices.ts'), { GET: 'signInDevicesGet', POST: 'signInDevicesPost' });
  add('/devices', () => import('./interaction/client-devices.ts'), { GET: 'clientDevicesGet', POST: 'clientDevicesPost' });
  add('/signup', () => import('./interaction/sign-up.ts'), { GET: 'signUpGet', POST: 'signUpPost' });
  add('/consent', () => import('./interaction/consent.ts'), { GET: 'consentGet', POST: 'consentPost' });

  // Mails, and what they lead to: each asks for itself whether there is mail.
  add('/signin/email', () => import('./interaction/email-sign-in.ts'), { GET: 'emailSignInGet', POST: 'emailSignInPost' });
  add('/signin/email/code', () => import('./interaction/email-sign-in.ts'), { GET: 'signInCodeGet', POST: 'signInCodePost' });
  add('/signup/code', () => import('./interaction/sign-up-by-mail.ts'), { GET: 'signUpCodeGet', POST: 'signUpCodePost' });
  add('/signin/link', () => import('./interaction/mail-link.ts'), { GET: 'mailLinkGet', POST: 'mailLinkPost' });
  add('/recover', () => import('./interaction/recover.ts'), { GET: 'recoverGet', POST: 'recoverPost' });
  add('/recover/reset', () => import('./interaction/reset-password.ts'), { GET: 'resetGet', POST: 'resetPost' });
  add('/invitation', () => import('./interaction/invitation.ts'), { GET: 'invitationGet', POST: 'invitationPost' });
  add('/dev/mail', () => import('./endpoints/dev-mail.ts'), { GET: 'devMails' });
  add('/dev/mail/*', () => import('./endpoints/dev-mail.ts'), { GET: 'devMail' });

  add('/account', () => import('./interaction/account/overview.ts'), { GET: 'overviewGet', POST: 'overviewPost' });
  add('/account/apps', () => import('./interaction/account/apps.ts'), { GET: 'appsGet', POST: 'appsPost' });
  add('/account/profile', () => import('./interaction/account/profile.ts'), { GET: 'profileGet', POST: 'profilePost' });
  add('/account/profile/email', () => import('./interaction/account/email.ts'), { GET: 'accountEmailGet', POST: 'accountEmailPost' });
  add('/account/security', () => import('./interaction/account/security.ts'), { GET: 'securityGet', POST: 'securityPost' });
  add('/account/security/remove', () => import('./interaction/account/security.ts'), { GET: 'removeGet', POST: 'removePost' });
  add('/account/security/password', () => import('./interaction/account/password.ts'), { GET: 'passwordGet', POST: 'passwordPost' });
  add('/account/security/authenticator', () => import('./interaction/account/factors.ts'), {
    GET: 'authenticatorGet',
    POST: 'authenticatorPost',
  });
  add('/account/security/passkey', () => import('./interaction/account/factors.ts'), { GET: 'newPasskeyGet', POST: 'newPasskeyPost' });
  add('/account/security/recovery-codes', () => import('./interaction/account/factors.ts'), {
    GET: 'recoveryCodesGet',
    POST: 'recoveryCodesPost',
  });
  add('/account/security/passkey/options', () => import('./interaction/new-passkey.ts'), { POST: 'newPasskeyOptionsPost' });
  add('/account/sessions', () => import('./interaction/account/sessions.ts'), { GET: 'sessionsGet', POST: 'sessionsPost' });
  add('/account/activity', () => import('./interaction/account/activity.ts'), { GET: 'activityGet' });
  add('/account/activity/not-me', () => import('./interaction/account/activity.ts'), { GET: 'notMeGet', POST: 'notMePost' });
  add('/account/data', () => import('./interaction/account/data.ts'), { GET: 'dataGet', POST: 'dataPost' });
  add('/account/data/delete', () => import('./interaction/account/data.ts'), { GET: 'deleteGet', POST: 'deletePost' });
  add('/account/approvals', () => import('./interaction/approvals.ts'), { GET: 'approvalsGet', POST: 'approvalsPost' });

  add('/device', () => import('./interaction/device.ts'), { GET: 'deviceGet', POST: 'devicePost' });
  add('/device/confirm', () => import('./interaction/device-confirm.ts'), { GET: 'confirmGet', POST: 'confirmPost' });
  return pages;
}
