/** Floor of `jwks` and `discovery`: Hufu's own bytes under Hufu's own headers from memory. */
import { serve } from './serve.ts';
import { readSettings } from './settings.ts';

const settings = readSettings();
const body = Buffer.from(settings.documentBody, 'utf8');
const headers = [...settings.documentHeaders, 'content-length', String(body.length)];

serve(
  settings,
  (_request, _body, response) => {
    response.writeHead(200, headers);
    response.end(body);
  },
  () => true,
);
