import type { Context } from '@hufu/server/context';
import type { HttpReply, HttpRequest } from '@hufu/server/http';
import { languageLinks, localeOf } from '@hufu/server/interaction/page-locale';
import type { Endpoint, Route } from '@hufu/server/route';
import { type BrowserFile, readBrowserFiles } from './browser-files.ts';
import { DEMO_API_PATH } from './demo-config.ts';
import { demoHeaders, demoPage } from './demo-page.ts';
import type { Notes } from './notes.ts';
import { notesApi } from './notes-api.ts';

/** The demo's routes: the app's two pages, the files they load, and the API that the app calls. */
export function demoRoutes(ctx: Context, notes: Notes): readonly Route[] {
  const page: Endpoint = (http) => servePage(ctx, http);
  const api = notesApi(ctx, notes);
  return [
    route('/demo', { GET: page }),
    route('/demo/callback', { GET: page }),
    route(`${DEMO_API_PATH}/notes`, { GET: api.read, POST: api.write }),
    ...readBrowserFiles().map((file) => route(file.path, { GET: () => serveFile(file) })),
  ];
}

/** Nothing here is for scripts on other origins. */
function route(path: string, methods: Route['methods']): Route {
  return { path, methods, crossOrigin: 'none' };
}

function servePage(ctx: Context, http: HttpRequest): HttpReply {
  const locale = localeOf(http, undefined);
  const body = demoPage({ locale, languages: languageLinks('/demo', []), issuer: ctx.issuer });
  return { status: 200, headers: demoHeaders(ctx.issuer), body };
}

function serveFile({ type, body }: BrowserFile): HttpReply {
  const headers = {
    'content-type': type,
    'cache-control': 'no-cache',
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  };
  return { status: 200, headers, body };
}
