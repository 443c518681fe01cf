import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { admit } from '../registration/admission.ts';
import { clientInformation } from '../registration/client-information.ts';
import { registerClient } from '../registration/register-client.ts';
import { requireMetadata } from '../registration/require-metadata.ts';
import { requireRoom } from '../registration/throttle.ts';
import { json } from '../reply.ts';
import { requireJson } from './json-body.ts';
import { registrationRefusal } from './registration-refusal.ts';

/** Dynamic client registration (RFC 7591 §3, OpenID Connect Registration §3). */
export async function register(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  const now = Math.floor(http.nowMs / 1000);
  try {
    const admission = admit(ctx, http, trail, now);
    trail.at('parameters');
    const body = requireJson(http);
    const metadata = await requireMetadata(ctx, body, trail, now);
    trail.at('registration_throttle');
    await requireRoom(ctx, 'registered');
    trail.at('registration_open');
    await admission.take();
    const { record, credentials } = await registerClient(ctx, metadata, now);
    return json(201, { ...clientInformation(ctx, record, credentials), ...statementOf(ctx, body) });
  } catch (error) {
    return registrationRefusal(ctx, 'register', http, trail, error);
  }
}

/** RFC 7591 §3.2.1: a statement that was heard comes back as it was. */
function statementOf({ config }: Context, { software_statement: statement }: Readonly<Record<string, unknown>>): object {
  return config.policies.softwareStatements.length === 0 || typeof statement !== 'string' ? {} : { software_statement: statement };
}
