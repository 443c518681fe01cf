import type { HttpReply } from '../../http.ts';
import type { OwnPage } from '../own-page.ts';
import { requireRecent } from '../require-recent.ts';
import type { Visit } from './visit.ts';

/** Undefined where somebody has just signed in; else to the sign-in page, and back to this page or to `next`. */
export function askAgain({ ctx, http, session, page }: Visit, next: OwnPage = page): Promise<HttpReply | undefined> {
  return requireRecent(ctx, http, session, next);
}
