/** Builds the page and serves its files. All that it draws is reckoned in the browser, by the library's own code. */
import { createServer } from 'node:http';
import { build } from 'vite';

const PORT = Number(process.env.PORT ?? 3002);

const built = await build({
  root: import.meta.dirname,
  logLevel: 'error',
  resolve: { conditions: ['source', 'browser', 'module', 'import'] },
  build: { write: false, target: 'es2024', modulePreload: { polyfill: false } },
});
const outputs = Array.isArray(built) ? built : 'output' in built ? [built] : [];
const files = new Map<string, string>(
  outputs.flatMap(({ output }) => output.map((one) => [`/${one.fileName}`, one.type === 'chunk' ? one.code : String(one.source)] as const)),
);
files.set('/', files.get('/index.html') ?? '');

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'";
const TYPES: ReadonlyMap<string, string> = new Map([
  ['js', 'text/javascript'],
  ['css', 'text/css'],
]);

createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const file = files.get(pathname);
  const type = TYPES.get(pathname.split('.').at(-1) ?? '') ?? 'text/html';
  const headers = { 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer', 'cache-control': 'no-cache' };
  if (file === undefined) response.writeHead(404, headers).end();
  else response.writeHead(200, { ...headers, 'content-type': `${type}; charset=utf-8` }).end(file);
}).listen(PORT, '127.0.0.1', () => console.log(`The plots are at http://localhost:${PORT}/`));
