/** An API with two resources: /notes takes JWTs and verifies them here, /files takes opaque tokens and asks Hufu about each. */
import { createServer } from 'node:http';
import { withToken } from '@hufu/resource/node-http';
import { protect } from '@hufu/resource/protect';
import { verifier } from '@hufu/resource/verifier';
import { askHufu } from './introspection.ts';

const PORT = Number(process.env.PORT ?? 3001);
const API_URL = process.env.API_URL ?? `http://localhost:${PORT}`;
const ISSUER = process.env.ISSUER ?? 'http://localhost:4400';

// One for the whole life of the process: it keeps the keys of the issuer, and what it has verified.
const tokens = verifier({ issuer: ISSUER, audience: `${API_URL}/notes` });

const readNotes = withToken(protect(tokens, { scope: 'notes:read' }), (_request, response, token) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ notes: ['the gate is shut'], for: token.subject }));
});

const writeNote = withToken(protect(tokens, { scope: 'notes:write' }), (_request, response) => {
  response.writeHead(201).end();
});

const readFiles = askHufu({ issuer: ISSUER, audience: `${API_URL}/files`, scope: 'files:read' }, (_request, response, token) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ files: ['map.txt'], for: token.sub }));
});

const routes = new Map([
  ['GET /notes', readNotes],
  ['POST /notes', writeNote],
  ['GET /files', readFiles],
]);

createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', API_URL);
  const route = routes.get(`${request.method} ${pathname}`);
  if (route === undefined) {
    response.writeHead(404).end();
    return;
  }
  route(request, response).catch((error: unknown) => {
    console.error(error);
    response.writeHead(500).end();
  });
}).listen(PORT, '127.0.0.1', () => console.log(`The notes API is at ${API_URL}`));
