import type { Form } from '@hufu/protocol/form';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { requireNamedResources } from '../tokens/resources.ts';

/** `resource` (RFC 8707 §2): each one that is named exists, and one is named where the client's profile wants it. */
export function checkResource(ctx: Context, form: Form, client: Client): readonly string[] {
  const named = form.many('resource');
  requireNamedResources(ctx, client, named);
  return named;
}
