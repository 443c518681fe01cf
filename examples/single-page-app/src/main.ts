/** Builds the app and serves its files, and nothing else: everything that matters happens in the browser. */
import { createServer } from 'node:http';
import { build } from 'vite';

const PORT = Number(process.env.PORT ?? 3000);
const ISSUER = process.env.ISSUER ?? 'http://localhost:4400';

const built = await build({
  root: import.meta.dirname,
  logLevel: 'error',
  // The packages of this repository as they are in it; an app that installs them needs neither line.
  resolve: { conditions: ['source', 'browser', 'module', 'import'] },
  build: { write: false, modulePreload: { polyfill: false } },
});
const outputs = Array.isArray(built) ? built : 'output' in built ? [built] : [];
const files = new Map<string, string>(
  outputs.flatMap(({ output }) => output.map((one) => [`/${one.fileName}`, one.type === 'chunk' ? one.code : String(one.source)] as const)),
);
files.set('/', (files.get('/index.html') ?? '').replace('%ISSUER%', ISSUER));

// What a script of somebody else could do with the tokens is the one danger here: let none in.
const POLICY = `default-src 'none'; script-src 'self'; img-src data:; connect-src 'self' ${ISSUER}; base-uri 'none'; frame-ancestors 'none'`;

createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const file = files.get(pathname);
  const type = pathname.endsWith('.js') ? 'text/javascript' : 'text/html';
  const headers = { 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer', 'cache-control': 'no-cache' };
  if (file === undefined) response.writeHead(404, headers).end();
  else response.writeHead(200, { ...headers, 'content-type': `${type}; charset=utf-8` }).end(file);
}).listen(PORT, '127.0.0.1', () => console.log(`Sketchbook is at http://localhost:${PORT}/`));
