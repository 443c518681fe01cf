import type { Form } from '@hufu/protocol/form';
import { type Client, findClient } from '../clients.ts';
import type { Context } from '../context.ts';
import { beginningOf } from '../decisions/redact.ts';
import type { Trail } from '../decisions/trail.ts';
import { PageError } from '../interaction/page-error.ts';

/** The client of the request (RFC 6749 §2.2). Unknown, disabled and another tenant's look alike, on a page of ours (§4.1.2.1). */
export async function checkClient(ctx: Context, form: Form, trail: Trail): Promise<Client> {
  trail.at('client_known');
  if (form.repeated.includes('client_id')) throw new PageError('parameter_repeated', 'client_id');
  if (form.malformed.includes('client_id')) throw new PageError('request_malformed', 'client_id');
  const id = form.get('client_id');
  if (id === undefined) throw new PageError('client_id_missing', 'no client_id');
  trail.clientId = beginningOf(id);
  const client = await findClient(ctx, id);
  if (client === undefined) throw new PageError('client_id_unknown', 'there is no such client');
  trail.clientId = client.id;
  trail.at('client_enabled');
  if (!client.record.enabled) throw new PageError('client_id_unknown', 'the client is disabled');
  return client;
}
