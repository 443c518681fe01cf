/** A service behind the gateway: it sees no token. Who a request is from stands in a Passport, which the gateway has signed for this service alone. */
import { createServer } from 'node:http';
import { type Passport, PassportError, passportIntrospector } from '@hufu/resource/passport';
import { passportStatements } from '@hufu/resource/passport-statements';

const PORT = Number(process.env.PORT ?? 3000);
const EDGE_URL = process.env.EDGE_URL ?? 'http://localhost:4401';
// From the examples of RFC 8037: everybody has it. Make your own.
const KEY =
  process.env.CARGO_KEY ??
  '{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}';

const passports = passportIntrospector({ edge: 'harbour', service: 'cargo', jwksUri: `${EDGE_URL}/edge/passport/jwks` });
const statements = passportStatements({ service: 'cargo', key: KEY, kid: 'cargo-1' });

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly action?: string;
}

function answer(passport: Passport, path: string): Answer {
  const { user, client, level } = passport;
  switch (path) {
    case '/leave':
      return { status: 200, text: 'come back soon', action: statements.state(passport, 'USER_LOGOUT') };
    case '/unload':
      try {
        passport.require(3, 300);
      } catch (error) {
        if (!(error instanceof PassportError) || user === undefined) throw error;
        return { status: 401, text: error.message, action: statements.state(passport, 'USER_STEP_UP', 3) };
      }
      return { status: 200, text: 'unloading' };
    default:
      return { status: 200, text: user === undefined ? `a machine: ${client?.clientId}, level ${level}` : `a person, level ${level}` };
  }
}

createServer(async (request, response) => {
  const reading = await passports.read(request);
  if (reading.kind === 'refused') {
    response.writeHead(reading.status).end(`${reading.reason}\n`);
    return;
  }
  try {
    const { status, text, action } = answer(reading.passport, request.url ?? '/');
    response
      .writeHead(status, { 'content-type': 'text/plain', ...(action !== undefined && { 'passport-action': action }) })
      .end(`${text}\n`);
  } catch (error) {
    response.writeHead(error instanceof PassportError ? error.status : 500).end(`${String(error)}\n`);
  }
}).listen(PORT, '127.0.0.1', () => console.log(`The service is at http://localhost:${PORT}/, for the gateway alone`));
