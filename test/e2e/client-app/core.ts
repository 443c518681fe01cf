/** What every page of an app loads: a session that all tabs share, and requests with its tokens. The rest is loaded when it is needed. */
import { dpopProof } from '@hufu/client/dpop';
import { lazyRenewer } from '@hufu/client/lazy-renewer';
import { sessionFetch } from '@hufu/client/session/session-fetch';
import { TokenSession } from '@hufu/client/session/token-session';
import { browserPlace } from '@hufu/client/storage/browser';

const issuer = 'https://id.example';
const renewer = lazyRenewer(() => Promise.reject(new Error('for its size')));
export const session: TokenSession = new TokenSession({ issuer, clientId: 'app', place: browserPlace(), renewer });
export const api: typeof fetch = sessionFetch(session, { audiences: ['https://api.example'], prove: dpopProof });
