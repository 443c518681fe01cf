import { migration as first } from './0001-first.ts';
import { migration as openIdConnect } from './0002-openid-connect.ts';
import { migration as oauthComplete } from './0003-oauth-complete.ts';
import type { Migration } from './migrate.ts';

/** Every migration, in order. A new one is a file `NNNN-name.ts` and a line here; what is here never changes. */
export const MIGRATIONS: readonly Migration[] = [first, openIdConnect, oauthComplete];
