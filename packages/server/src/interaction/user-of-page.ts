import type { BrowserSession } from '../sessions/browser-session.ts';
import type { UserView } from './pages/consent.ts';

/** What the pages show of who is signed in. */
export function userView({ user }: BrowserSession): UserView {
  const { name } = user.claims;
  return { username: user.username, ...(typeof name === 'string' ? { name } : {}) };
}
