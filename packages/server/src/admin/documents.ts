import { openapiDocument } from '@hufu/protocol/admin/openapi';
import { ADMIN_PATH } from '@hufu/protocol/admin/operation';
import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { document } from '../endpoints/jwks.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { refusal } from '../reply.ts';
import type { Route } from '../route.ts';
import { sha256 } from '../tokens/secrets.ts';
import { SWAGGER_FILES, type SwaggerFile, swaggerFile } from './swagger-ui.ts';

const DOCS_PATH = '/admin/docs';
const INIT_PATH = `${DOCS_PATH}/init.js`;

/** `openapi.json` and a page that shows it: what the admin API is, which says nothing of what is in it. So anybody may read them. */
export function adminDocuments(ctx: Context): readonly Route[] {
  const description = publish(JSON.stringify(openapiDocument(ctx.issuer)), 'application/json');
  const page = pageReply();
  const init = publish(initOf(), 'text/javascript; charset=utf-8');
  return [
    closed(`${ADMIN_PATH}/openapi.json`, () => description),
    closed(DOCS_PATH, () => page),
    closed(INIT_PATH, () => init),
    ...SWAGGER_FILES.map((name) => closed(`${DOCS_PATH}/${name}`, (http) => sendFile(ctx, name, http))),
  ];
}

function closed(path: string, answer: (http: HttpRequest) => HttpReply | Promise<HttpReply>): Route {
  return { path, methods: { GET: answer }, crossOrigin: 'none' };
}

function publish(text: string, type: string): HttpReply {
  return document(Buffer.from(text), `"${sha256(text).slice(0, 22)}"`, type, 300);
}

const TYPES: Readonly<Record<SwaggerFile, string>> = {
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'swagger-ui.css': 'text/css; charset=utf-8',
};

const tags = new WeakMap<Uint8Array, string>();

async function sendFile(ctx: Context, name: SwaggerFile, http: HttpRequest): Promise<HttpReply> {
  const body = await swaggerFile(name);
  if (body === undefined) {
    const trail = new Trail();
    trail.at('route');
    return refusal(ctx, 'http', http, trail, new OAuthError('invalid_request', 'this installation has no Swagger UI', { status: 404 }));
  }
  let etag = tags.get(body);
  if (etag === undefined) tags.set(body, (etag = `"${sha256(Buffer.from(body).toString('latin1')).slice(0, 22)}"`));
  return document(body, etag, TYPES[name], 86_400);
}

/** Everything comes from here; nothing is inline, so nothing `unsafe-` is needed (attacks ADM-18). */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function pageReply(): HttpReply {
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hufu admin API</title>
<link rel="icon" href="/assets/mark.svg">
<link rel="stylesheet" href="${DOCS_PATH}/swagger-ui.css">
</head>
<body data-page="admin-docs">
<div id="docs"><p>The admin API is described by <a href="${ADMIN_PATH}/openapi.json">openapi.json</a>.</p></div>
<script src="${DOCS_PATH}/swagger-ui-bundle.js" defer></script>
<script src="${INIT_PATH}" defer></script>
</body>
</html>
`;
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'cache-control': 'no-cache',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
    body,
  };
}

/** Nothing is asked of anybody else: no validator, no fonts. */
function initOf(): string {
  const options = {
    url: `${ADMIN_PATH}/openapi.json`,
    dom_id: '#docs',
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    docExpansion: 'list',
    validatorUrl: null,
    persistAuthorization: false,
  };
  return `window.SwaggerUIBundle(${JSON.stringify(options)});\n`;
}
