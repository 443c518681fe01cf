import type { BrowserSession } from './browser-session.ts';
import { amrOf, type ProvedMethod, readMethods } from './methods.ts';

/** What a session still proves about its user. */
export interface Standing {
  /** Whatever counts for another sign-in to build on; empty for a session that is behind. */
  readonly methods: readonly ProvedMethod[];
  /** RFC 8176. */
  readonly amr: readonly string[];
  readonly authTime: number;
}

/**
 * A session says what its user has shown while they still prove themselves with the same. Of one that is behind (a factor was added or removed elsewhere since) only the first method is told, and
 * that alone is never two factors.
 */
export function standingOf({ session, user }: BrowserSession): Standing {
  const methods = methodsOf({ session });
  const { authTime } = session;
  if (session.authVersion === user.authVersion) return { methods, amr: session.amr, authTime };
  const [first] = methods;
  return { methods: [], amr: amrOf(first === undefined ? [] : [first]).filter((word) => word !== 'mfa'), authTime };
}

/** A session of the version before has only its `amr`, and that is of a password. */
function methodsOf({ session }: Pick<BrowserSession, 'session'>): readonly ProvedMethod[] {
  const methods = readMethods(session.methods);
  if (methods.length > 0 || !session.amr.includes('pwd')) return methods;
  return [{ method: 'password', at: session.authTime }];
}
