import type { Context } from '../context.ts';
import { PageError } from '../interaction/page-error.ts';
import { mailRoute } from './mail-room.ts';

/** Whether mails go anywhere. */
export function hasMail({ config }: Pick<Context, 'config'>): boolean {
  return mailRoute(config) !== 'none';
}

/** Throws `PageError` (404) where no mail goes out: what needs one is not there then. */
export function requireMail(ctx: Pick<Context, 'config'>): void {
  if (!hasMail(ctx)) throw new PageError('not_found', 'mail is not configured');
}
