/** What is behind the gateway: a page, and an API that knows nothing of tokens. Who gets to it has passed the gateway. */
import { createServer } from 'node:http';
import { build } from 'vite';

const PORT = Number(process.env.PORT ?? 3000);

const built = await build({
  root: import.meta.dirname,
  logLevel: 'error',
  // The packages of this repository as they are in it; an app that installs them does not need this line.
  resolve: { conditions: ['source', 'browser', 'module', 'import'] },
  build: { write: false, modulePreload: { polyfill: false } },
});
const outputs = Array.isArray(built) ? built : 'output' in built ? [built] : [];
const files = new Map<string, string>(
  outputs.flatMap(({ output }) => output.map((one) => [`/${one.fileName}`, one.type === 'chunk' ? one.code : String(one.source)] as const)),
);
files.set('/', files.get('/index.html') ?? '');

const notes = ['buy milk'];

createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/api/notes') {
    if (request.method === 'POST') notes.push(`note ${notes.length + 1}`);
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify({ notes, got: Object.keys(request.headers) }));
    return;
  }
  const file = files.get(pathname);
  const type = pathname.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8';
  const policy = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'";
  if (file === undefined) response.writeHead(404).end();
  else response.writeHead(200, { 'content-type': type, 'content-security-policy': policy, 'cache-control': 'no-cache' }).end(file);
}).listen(PORT, '127.0.0.1', () => console.log(`The service is at http://localhost:${PORT}/, for the gateway alone`));
