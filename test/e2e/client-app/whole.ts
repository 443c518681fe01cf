/** The core with all that a single-page app loads later: discovery, sign-in, refresh, ID tokens, sign-out. */
import { finishRedirect, signInByRedirect } from '@hufu/client/browser-sign-in';
import { createClient } from '@hufu/client/client';
import { createRenewer } from '@hufu/client/renewer';
import { signOutUrl } from '@hufu/client/sign-out';
import { api, session } from './core.ts';

const client = createClient({ issuer: 'https://id.example', clientId: 'app' });
export const whole: readonly unknown[] = [api, session, createRenewer(client), finishRedirect, signInByRedirect, signOutUrl];
