import { CONSOLE_PATH } from '@hufu/server/console-client';
import type { Context } from '@hufu/server/context';
import { home } from '@hufu/server/endpoints/health';
import type { HttpReply } from '@hufu/server/http';
import type { Endpoint, Route } from '@hufu/server/route';
import type { OpenConsole } from './open-console.ts';

/** The console's routes, and what they have open once somebody has come. */
export interface ConsoleRoutes {
  routes(ctx: Context): readonly Route[];
  /** Done when what is under way is stored. */
  close(): Promise<void>;
}

/**
 * Everything at `/console`, and the front page with a link to it. Nothing of the console is read before its first request: a start does not wait for it.
 *
 * @param tell lines about a build that is under way, which there is in a checkout alone.
 */
export function consoleRoutes(tell: (line: string) => void): ConsoleRoutes {
  let opened: Promise<OpenConsole> | undefined;
  let isClosed = false;
  return {
    routes(ctx) {
      const answer: Endpoint = async (http) => {
        // Whoever comes now would open what nobody closes any more, and the process would never end.
        if (isClosed) return CLOSED;
        opened ??= import('./open-console.ts').then(({ openConsole }) => openConsole(ctx, tell));
        // What could not be opened now is tried again with the next request.
        opened.catch(() => (opened = undefined));
        return await (await opened).answer(http);
      };
      return [
        { path: '/', methods: { GET: (http) => home(ctx, http, CONSOLE_PATH) }, crossOrigin: 'none' },
        { path: CONSOLE_PATH, methods: { GET: answer }, crossOrigin: 'none' },
        { path: `${CONSOLE_PATH}/**`, methods: { GET: answer, POST: answer, PUT: answer, DELETE: answer }, crossOrigin: 'none' },
      ];
    },
    async close() {
      isClosed = true;
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}

const CLOSED: HttpReply = {
  status: 503,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'retry-after': '5' },
  body: 'the server is stopping\n',
};
