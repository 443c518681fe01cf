import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import type { ResponseMode, ReturnAddress, ReturnPath } from './authorization-request.ts';

/** UTF-16 units of `state` that come back as they went; longer ones are refused. */
export const MAX_STATE = 2_048;

export const RESPONSE_MODES: readonly ResponseMode[] = ['query', 'form_post'];

/** How even an error travels back. A mode that is not to be had is answered in the default one, and is then itself the error. */
export function readReturnPath(form: Form, address: ReturnAddress): ReturnPath {
  const state = form.get('state');
  return { ...address, mode: readMode(form) ?? 'query', state: state === undefined || state.length > MAX_STATE ? undefined : state };
}

/** `response_mode` (OAuth Multiple Response Types §2.1) and the length of `state`. Throws `invalid_request`. */
export function checkResponseMode(form: Form): void {
  if (form.get('response_mode') !== undefined && readMode(form) === undefined) {
    throw new OAuthError('invalid_request', 'the response_mode is not supported');
  }
  if ((form.get('state')?.length ?? 0) > MAX_STATE) throw new OAuthError('invalid_request', `state is longer than ${MAX_STATE} characters`);
}

function readMode(form: Form): ResponseMode | undefined {
  return RESPONSE_MODES.find((mode) => mode === form.get('response_mode'));
}
