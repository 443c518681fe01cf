import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { findResource } from '../tokens/resources.ts';

const MAX_RESOURCES = 8;

/** `resource` (RFC 8707 §2): each one that is named exists, and one is named where the client's profile wants it. */
export function checkResource(ctx: Context, form: Form, { metadata }: Client): readonly string[] {
  const named = form.many('resource');
  if (named.length === 0 && metadata.rules.resource === 'required')
    throw new OAuthError('invalid_target', 'the client has to name the resource that its token is for');
  if (named.length > MAX_RESOURCES) throw new OAuthError('invalid_target', `a request is for at most ${MAX_RESOURCES} resources`);
  for (const identifier of named) {
    if (findResource(ctx, identifier) === undefined)
      throw new OAuthError('invalid_target', 'the resource is unknown', { detail: identifier.slice(0, 200) });
  }
  return named;
}
