import type { Locale } from '@hufu/protocol/locale';
import { foldAddress } from '@hufu/store/email-address';
import type { ChallengeRecord, Store, UserRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import type { Written } from './letter.ts';
import { hashLinkSecret, hashMailCode, newLinkSecret, newMailCode, writeMailLink } from './mail-code.ts';
import { putLetter } from './outbox.ts';
import { type AskKind, writeAsk } from './templates/ask.ts';

/** A mail that asks somebody to show that they read an address. */
export interface MailAsk {
  readonly purpose: ChallengeRecord['purpose'];
  /** Whom it is about. Undefined: nobody, and then nothing is ever right but for `sign_up`. */
  readonly user: UserRecord | undefined;
  /** The address that is to be proved. */
  readonly address: string;
  /** Who gets it: an address of the store where there is one. Undefined: nobody, and all looks the same. */
  readonly to: string | undefined;
  /** What goes out in place of the code: then nobody ever learns that. */
  readonly instead?: Written | undefined;
  /**
   * The mailbox has had its share (`takeMail`): this one competes with none that was sent. The same for an address that nobody has, or which of many are there to guess at would tell.
   */
  readonly isOver: boolean;
  readonly browserId: string;
  readonly locale: Locale;
  readonly data: ChallengeRecord['data'];
}

const KINDS: Readonly<Record<ChallengeRecord['purpose'], AskKind>> = {
  sign_in: 'signIn',
  sign_up: 'signUp',
  verify_email: 'verifyEmail',
  enrol: 'enrol',
  reset_password: 'resetPassword',
  invite: 'invite',
};

/** Where the link of a mail leads, and for how many seconds mail and link are good. */
export const WAYS: Readonly<
  Record<AskKind, { readonly path: string | undefined; readonly seconds: number; readonly code: 'code' | 'link_only' }>
> = {
  signIn: { path: '/signin/link', seconds: 600, code: 'code' },
  signUp: { path: '/signin/link', seconds: 1_800, code: 'code' },
  verifyEmail: { path: '/account/profile/email', seconds: 86_400, code: 'code' },
  resetPassword: { path: '/recover/reset', seconds: 1_800, code: 'link_only' },
  invite: { path: '/invitation', seconds: 604_800, code: 'link_only' },
  enrol: { path: undefined, seconds: 600, code: 'code' },
};

/**
 * Makes a challenge and puts its mail into the outbox: the same rows, and the same work, whether there is somebody to send it to or not (attacks USR-01). How often is for `takeMail`
 * to judge before.
 *
 * @param store that of whoever asks, where the log of changes has to name them
 */
export async function askByMail(
  ctx: Context,
  http: Pick<HttpRequest, 'nowMs'>,
  ask: MailAsk,
  store: Pick<Store, 'openChallenge'> = ctx.store,
): Promise<ChallengeRecord> {
  const now = Math.floor(http.nowMs / 1000);
  const kind = KINDS[ask.purpose];
  const { path, seconds, code: form } = WAYS[kind];
  const address = foldAddress(ask.address);
  const code = newMailCode(ctx.random);
  const secret = newLinkSecret(ctx.random);
  // What nobody is told is nothing to guess at: there is no bound on how often it would be asked for.
  const isTold = ask.to !== undefined && ask.instead === undefined;
  const codeHash =
    form === 'code' && isTold ? hashMailCode(ctx, { purpose: ask.purpose, address }, code) : hashLinkSecret(ctx, newLinkSecret(ctx.random));
  const linkHash = hashLinkSecret(ctx, isTold ? secret : newLinkSecret(ctx.random));
  const challenge = await store.openChallenge(
    ctx.tenant,
    {
      purpose: ask.purpose,
      userId: ask.user?.id,
      address,
      browserHash: hashBrowser(ctx, ask.browserId),
      ...(ask.isOver ? { codeHash: '', linkHash: '' } : { codeHash, linkHash }),
      authVersion: ask.user?.authVersion ?? 0,
      data: ask.data,
      expiresAt: now + seconds,
    },
    now,
  );
  const link = path && `${path}?link=${writeMailLink({ id: challenge.id, secret })}&ui_locales=${ask.locale}`;
  const asking = writeAsk(ctx, kind, ask.locale, { code: form === 'code' ? code : undefined, path: link, lifetimeSeconds: seconds });
  await putLetter(ctx, ask.to, ask.instead ?? asking, now + seconds, now);
  return challenge;
}

/** What the store knows the browser by that asked. */
export function hashBrowser(ctx: Pick<Context, 'keys'>, browserId: string): string {
  return ctx.keys.keyedHash('challenge_browser', browserId);
}
