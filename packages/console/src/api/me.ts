import type { Caller } from '@hufu/protocol/admin/administrators';
import type { Role } from '@hufu/protocol/admin/roles';
import { nowSeconds } from '../clock.ts';
import { useRead } from './read.ts';

/** Each has everything of those before it. */
export const ROLE_ORDER: readonly Role[] = ['read', 'support', 'security', 'owner'];
/** The server asks for a sign-in of the last five minutes; a little less here, so that it is asked for before a form is filled in and not after. */
const RECENT_SECONDS = 270;

/** Who is signed in, and what they may do: for what is shown. What is allowed the server says each time. */
export function useMe(): Caller | undefined {
  return useRead('me.get', {}).data?.body;
}

export function useMay(role: Role): boolean {
  const own = useMe()?.role;
  return own !== undefined && ROLE_ORDER.indexOf(own) >= ROLE_ORDER.indexOf(role);
}

/** Whether the person has proved themselves a moment ago. */
export function isRecent(me: Caller | undefined): boolean {
  return me?.auth_time !== undefined && me.auth_time + RECENT_SECONDS >= nowSeconds();
}
