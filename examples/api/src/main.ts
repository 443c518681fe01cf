/** An API with two resources: /notes takes JWTs and verifies them here, /files takes opaque tokens and asks Hufu about each. */
import { createServer } from 'node:http';
import { explain } from '@hufu/resource/explain';
import { withToken } from '@hufu/resource/node-http';
import { type Protection, protect } from '@hufu/resource/protect';
import { verifier } from '@hufu/resource/verifier';

const PORT = Number(process.env.PORT ?? 3001);
const API_URL = process.env.API_URL ?? `http://localhost:${PORT}`;
const ISSUER = process.env.ISSUER ?? 'http://localhost:4400';
const SECRET = process.env.NOTES_API_SECRET ?? 'for-this-machine-only-make-another';

// One of each for the whole life of the process: they keep the keys of the issuer, and what they have verified.
const notes = verifier({ issuer: ISSUER, audience: `${API_URL}/notes` });
const files = verifier({
  issuer: ISSUER,
  audience: `${API_URL}/files`,
  // Every request asks Hufu, so a token that was revoked is refused at once.
  introspection: { credentials: { clientId: 'notes-api', clientSecret: SECRET }, ttlSeconds: 0 },
});

/** Says on the terminal which check failed; the caller learns no more than the challenge says. */
function explained(protection: Protection): Protection {
  return async (request) => {
    const admission = await protection(request);
    if (admission.kind === 'refused') {
      const { check, detail } = explain(admission).find(({ outcome }) => outcome === 'failed' || outcome === 'unknown') ?? {};
      console.log(`refused: ${admission.reason} (${check})`, detail ?? '');
    }
    return admission;
  };
}

const readNotes = withToken(explained(protect(notes, { scope: 'notes:read' })), (_request, response, token) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ notes: ['the gate is shut'], for: token.subject }));
});

const writeNote = withToken(explained(protect(notes, { scope: 'notes:write' })), (_request, response) => {
  response.writeHead(201).end();
});

const readFiles = withToken(explained(protect(files, { scope: 'files:read' })), (_request, response, token) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ files: ['map.txt'], for: token.subject }));
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
