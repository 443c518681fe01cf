import type { OpenWays } from './port.ts';

/** What a user would still have. */
export interface WaysIn {
  readonly factors: number;
  readonly passkeys: number;
  /** At upstreams that are open. */
  readonly identities: number;
}

/** Whether nobody could sign in any more with what is left. */
export function isShutOut(open: OpenWays, hasPassword: boolean, left: WaysIn): boolean {
  const isOpen = open.mail || (open.password && hasPassword) || (open.passkey && left.passkeys > 0) || left.identities > 0;
  return !isOpen;
}
