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
    const metadata = await requireMetadata(ctx, requireJson(http), trail);
    trail.at('registration_throttle');
    await requireRoom(ctx, 'registered');
    trail.at('registration_open');
    await admission.take();
    const { record, credentials } = await registerClient(ctx, metadata, now);
    return json(201, clientInformation(ctx, record, credentials));
  } catch (error) {
    return registrationRefusal(ctx, 'register', http, trail, error);
  }
}
