import { fapi1Advanced } from './fapi1-advanced.ts';
import { fapi2MessageSigning } from './fapi2-message-signing.ts';
import { fapi2Security } from './fapi2-security.ts';
import { mcp } from './mcp.ts';
import { oauth21 } from './oauth21.ts';
import type { Profile } from './profile.ts';

/** The profiles there are, by name. */
export const PROFILES: ReadonlyMap<string, Profile> = new Map(
  [oauth21, mcp, fapi2Security, fapi2MessageSigning, fapi1Advanced].map((profile) => [profile.name, profile]),
);
