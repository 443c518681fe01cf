import { countedAddress } from '@hufu/flow/address';
import { foldAddress } from '@hufu/store/email-address';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';

const HOUR = 3_600;
const DAY = 86_400;
/** How many mails are made, and in how many seconds. */
const BOUNDS = {
  browser: { max: 5, seconds: HOUR },
  source: { max: 20, seconds: HOUR },
  mailbox: { max: 20, seconds: DAY },
  nobody: { max: 100, seconds: HOUR },
} as const;

export interface MailAttempt {
  /** As it was typed. */
  readonly address: string;
  readonly browserId: string;
  /** The account of the address has signed in at this browser: strangers take nothing of what it may ask for. */
  readonly isKnown: boolean;
  /** A new password has an allowance of its own, so that sign-ins use it up for nobody. */
  readonly isReset: boolean;
  /** Nobody has the address. */
  readonly isNobody: boolean;
}

/**
 * Takes one mail from every bound that it falls under. Those of the browser and of the network that ask are told (`limited`). Those of a mailbox, and of addresses that nobody has, would
 * tell something about somebody else: then everything goes on as ever, and no mail goes out (`sends` is false). `isOver`: its mailbox has had its share, whether it is anybody's or not.
 */
export async function takeMail(
  ctx: Context,
  { address, nowMs }: Pick<HttpRequest, 'address' | 'nowMs'>,
  attempt: MailAttempt,
): Promise<
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  | { readonly kind: 'allowed'; readonly sends: boolean; readonly isOver: boolean }
> {
  if (ctx.config.policies.bruteForce === 'off') return { kind: 'allowed', sends: true, isOver: false };
  const now = Math.floor(nowMs / 1000);
  const purpose = attempt.isReset ? 'r' : 's';
  const take = (bound: keyof typeof BOUNDS, subject: string): ReturnType<Context['store']['takeTry']> => {
    const { max, seconds } = BOUNDS[bound];
    return ctx.store.takeTry(ctx.tenant, 'mail_address', `${purpose} ${bound} ${subject}`, max, seconds, now);
  };
  const typed = foldAddress(attempt.address);
  const browser = await take('browser', hash(ctx, `${attempt.browserId}\n${typed}`));
  if (browser.kind === 'limited') return browser;
  if (!attempt.isKnown) {
    const source = await take('source', countedAddress(address));
    if (source.kind === 'limited') return source;
  }
  const mailbox = attempt.isKnown ? `${attempt.browserId}\n${mailboxOf(typed)}` : mailboxOf(typed);
  const ofMailbox = await take('mailbox', hash(ctx, mailbox));
  // Taken in either case: who asks learns nothing by the time that it takes.
  const ofNobody = await take('nobody', attempt.isNobody ? '' : 'uncounted');
  const isOver = ofMailbox.kind === 'limited';
  return { kind: 'allowed', sends: !isOver && !(attempt.isNobody && ofNobody.kind === 'limited'), isOver };
}

/** Invitations to one mailbox, and of one administrator. */
const INVITATIONS = { mailbox: { max: 5, seconds: DAY }, caller: { max: 200, seconds: DAY } } as const;

/** Takes one invitation from both of its bounds: the administrator is told of either, since whom they invite is no secret to them. */
export async function takeInvitation(
  ctx: Context,
  { address, caller }: { readonly address: string; readonly caller: string },
  now: number,
): Promise<{ readonly kind: 'limited'; readonly retryAfterSeconds: number } | { readonly kind: 'allowed' }> {
  if (ctx.config.policies.bruteForce === 'off') return { kind: 'allowed' };
  const subjects = { caller, mailbox: mailboxOf(foldAddress(address)) };
  for (const bound of ['caller', 'mailbox'] as const) {
    const { max, seconds } = INVITATIONS[bound];
    const taken = await ctx.store.takeTry(ctx.tenant, 'mail_address', `i ${bound} ${hash(ctx, subjects[bound])}`, max, seconds, now);
    if (taken.kind === 'limited') return taken;
  }
  return { kind: 'allowed' };
}

/** Whether this is the first mail of that kind to an address in a day: what only tells strangers something is not sent again and again. */
export async function isFirstToday(ctx: Context, kind: string, address: string, now: number): Promise<boolean> {
  const taken = await ctx.store.takeTry(
    ctx.tenant,
    'mail_address',
    `once ${hash(ctx, `${kind}\n${mailboxOf(foldAddress(address))}`)}`,
    1,
    DAY,
    now,
  );
  return taken.kind === 'taken';
}

/** Many addresses, one mailbox (RFC 5233). */
function mailboxOf(address: string): string {
  const at = address.lastIndexOf('@');
  const [name = ''] = address.slice(0, at).split('+', 1);
  return name + address.slice(at);
}

function hash(ctx: Context, text: string): string {
  return ctx.keys.keyedHash('mail_limit', text).slice(0, 32);
}
