/** Serves the files of the app and nothing else: everything that matters happens in the browser, in app.js. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const PORT = Number(process.env.PORT ?? 3000);
const ISSUER = process.env.ISSUER ?? 'http://localhost:4400';

const HTML = readFileSync(new URL('index.html', import.meta.url), 'utf8').replace('%ISSUER%', ISSUER);
const FILES: ReadonlyMap<string, { readonly type: string; readonly body: string }> = new Map([
  ['/', { type: 'text/html', body: HTML }],
  ['/app.js', { type: 'text/javascript', body: readFileSync(new URL('app.js', import.meta.url), 'utf8') }],
  // A real app has a bundler. The library is one file without imports, so it can be served as it is, under a name that browsers understand.
  [
    '/tokens.js',
    {
      type: 'text/javascript',
      body: readFileSync(new URL('tokens.js', import.meta.url), 'utf8').replace("'oauth4webapi'", "'/oauth4webapi.js'"),
    },
  ],
  ['/oauth4webapi.js', { type: 'text/javascript', body: readFileSync(fileURLToPath(import.meta.resolve('oauth4webapi')), 'utf8') }],
]);

// What a script of somebody else could do with the tokens is the one danger here: let none in.
const POLICY = `default-src 'none'; script-src 'self'; connect-src ${ISSUER}; base-uri 'none'; frame-ancestors 'none'`;

createServer((request, response) => {
  const file = FILES.get(new URL(request.url ?? '/', 'http://localhost').pathname);
  const headers = { 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer', 'cache-control': 'no-cache' };
  if (file === undefined) response.writeHead(404, headers).end();
  else response.writeHead(200, { ...headers, 'content-type': `${file.type}; charset=utf-8` }).end(file.body);
}).listen(PORT, '127.0.0.1', () => console.log(`Sketchbook is at http://localhost:${PORT}/`));
