import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { UserManagerSettings } from 'oidc-client-ts';

/** A single-page app on an origin of its own, made with the oidc-client-ts that npm installs: its ESM bundle as it is. */
export interface BrowserApp {
  readonly origin: string;
  stop(): Promise<void>;
}

const require = createRequire(import.meta.url);
const BUNDLE = new URL('../esm/oidc-client-ts.js', `file://${require.resolve('oidc-client-ts')}`);
// What the bundle imports by name stands beside the library.
const JWT_DECODE = new URL('../esm/index.js', `file://${createRequire(BUNDLE).resolve('jwt-decode')}`);
const SCRIPTS: ReadonlyMap<string, string> = new Map(
  [
    ['/app.mjs', new URL('browser-app/app.mjs', import.meta.url)] as const,
    ['/oidc-client-ts.js', BUNDLE] as const,
    ['/jwt-decode.js', JWT_DECODE] as const,
  ].map(([path, file]) => [path, readFileSync(fileURLToPath(file), 'utf8')]),
);

const BUTTONS = ['sign-in', 'sign-in-popup', 'renew', 'status', 'revoke', 'sign-out', 'sign-out-popup'];
const OUTPUTS = ['user', 'state', 'session', 'answers', 'said'];
const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>App</title><link rel="icon" href="data:,">
<script type="importmap">{"imports":{"oidc-client-ts":"/oidc-client-ts.js","jwt-decode":"/jwt-decode.js"}}</script>
<script type="module" src="/app.mjs"></script></head>
<body>${BUTTONS.map((id) => `<button id="${id}">${id}</button>`).join('')}
${OUTPUTS.map((id) => `<pre id="${id}"></pre>`).join('')}</body></html>`;

/** @param clients settings of the library by the name that `?client=` has. */
export async function startBrowserApp(port: number, clients: Readonly<Record<string, Partial<UserManagerSettings>>>): Promise<BrowserApp> {
  const server = createServer((request, reply) => {
    const path = new URL(request.url ?? '/', 'http://app').pathname;
    const script = SCRIPTS.get(path);
    if (script !== undefined) return answer(reply, 'text/javascript', script);
    if (path.startsWith('/clients/')) return answer(reply, 'application/json', JSON.stringify(clients[path.slice(9)] ?? {}));
    return answer(reply, 'text/html; charset=utf-8', PAGE);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(reply: ServerResponse, type: string, body: string): void {
  reply.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}
