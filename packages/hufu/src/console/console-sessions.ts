import { randomBytes } from 'node:crypto';
import { createClient } from '@hufu/client/client';
import { clientSecretBasic } from '@hufu/client/client-secret';
import { systemClock } from '@hufu/client/clock';
import type { SessionAnswer } from '@hufu/gateway/identify/session-source';
import { edgeKeys } from '@hufu/gateway/session/edge-keys';
import { answerEndpoint, findEndpoint } from '@hufu/gateway/session/endpoints';
import { refuseForeign } from '@hufu/gateway/session/guard';
import type { EdgeReply, EdgeRequest } from '@hufu/gateway/session/messages';
import { runSessions } from '@hufu/gateway/session/run-sessions';
import { sessionSource } from '@hufu/gateway/session/session-source';
import { type TokenHandler, tokenHandler } from '@hufu/gateway/session/token-handler';
import { CONSOLE_PATH, CONSOLE_SCOPE, consoleClient } from '@hufu/server/console-client';
import type { Context } from '@hufu/server/context';
import type { HttpReply, HttpRequest } from '@hufu/server/http';
import { adminResource } from '@hufu/server/tokens/own-apis';
import { ownIssuer } from './own-issuer.ts';

/** Sessions of the console: those of an edge, in the store of the server, under keys of its ring. */
export interface ConsoleSessions {
  /** The answer of a sign-in, session or sign-out endpoint; undefined where there is none at the path. */
  answer(http: HttpRequest): Promise<HttpReply | undefined>;
  /** Why a request may come from elsewhere; undefined where it comes from the console itself. */
  refuseForeign(http: HttpRequest): HttpReply | undefined;
  /** Whose request it is. Throws `StoreUnavailable`, and `SessionError` where its token cannot be renewed now. */
  find(http: HttpRequest): Promise<SessionAnswer>;
  close(): Promise<void>;
}

/** Half an hour without a request, or twelve hours altogether: whoever sits here can do a great deal. */
const IDLE_SECONDS = 1_800;
const ABSOLUTE_SECONDS = 43_200;

export function consoleSessions(ctx: Context): ConsoleSessions {
  const { clientId, clientSecret } = consoleClient(ctx);
  const { origin } = new URL(ctx.issuer);
  const nowMs = (): number => ctx.clock.nowMs();
  const handler: TokenHandler = tokenHandler({
    settings: {
      // No gateway of a configuration has such a name.
      edge: 'hufu:console',
      origin,
      base: CONSOLE_PATH,
      home: CONSOLE_PATH,
      // The console itself would begin the next sign-in at once.
      signedOut: `${CONSOLE_PATH}/signed-out`,
      scope: CONSOLE_SCOPE,
      resource: adminResource(ctx.issuer),
      sameSite: 'lax',
      idleSeconds: IDLE_SECONDS,
      absoluteSeconds: ABSOLUTE_SECONDS,
      claims: [],
      origins: [],
      crossSiteLogin: false,
    },
    client: createClient({
      issuer: ctx.issuer,
      clientId,
      authentication: clientSecretBasic(clientSecret.reveal()),
      dpop: 'never',
      fetch: ownIssuer(ctx),
      nowMs,
    }),
    store: ctx.store,
    tenant: ctx.tenant,
    keys: edgeKeys([{ kid: 'console', secret: Buffer.from(ctx.keys.keyedHash('console', 'sessions')) }]),
    clock: { ...systemClock, nowMs },
    newSecret: () => randomBytes(32).toString('base64url'),
  });
  const running = runSessions(handler);
  const source = sessionSource(handler, running);
  return {
    async answer(http) {
      const endpoint = findEndpoint(http.path, CONSOLE_PATH);
      if (endpoint === undefined) return undefined;
      const reply = await answerEndpoint(endpoint, handler, edgeRequest(http));
      // Whoever reads an answer that ends a session may rely on that here at once.
      if (http.method === 'POST' || http.path.endsWith('/callback')) await running.ends.look().catch(() => undefined);
      return httpReply(reply);
    },
    refuseForeign(http) {
      const refused = refuseForeign(handler, edgeRequest(http));
      return refused && httpReply(refused);
    },
    find: (http) => source.find(headerOf(http, 'cookie') ?? '', undefined),
    close: () => running.close(),
  };
}

/** Where to go on after a sign-in is a page of the console, and nothing else of this host. */
function edgeRequest(http: HttpRequest): EdgeRequest {
  const query = new URLSearchParams(http.query);
  const returnTo = query.get('return_to');
  if (returnTo === null || !/^\/console(?:[/?#]|$)/.test(returnTo)) query.delete('return_to');
  return { method: http.method, query, header: (name) => headerOf(http, name), body: http.body };
}

function headerOf({ headers }: HttpRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.join(name === 'cookie' ? '; ' : ', ');
}

function httpReply({ status, headers, body }: EdgeReply): HttpReply {
  const cookies = headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value);
  const others = headers.filter(([name]) => name !== 'set-cookie');
  return { status, headers: { ...Object.fromEntries(others), ...(cookies.length > 0 && { 'set-cookie': cookies }) }, body };
}
