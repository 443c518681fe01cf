import type { ClientAuthentication } from './client-authentication.ts';

/** A secret in the Authorization header (RFC 6749 §2.3.1): both halves are form-encoded first. */
export function clientSecretBasic(secret: string): ClientAuthentication {
  return {
    method: 'client_secret_basic',
    apply({ headers, clientId }) {
      headers.set('authorization', `Basic ${btoa(`${formEncode(clientId)}:${formEncode(secret)}`)}`);
    },
  };
}

/** A secret in the form (RFC 6749 §2.3.1): for servers that do not take it in the header. */
export function clientSecretPost(secret: string): ClientAuthentication {
  return {
    method: 'client_secret_post',
    apply({ parameters, clientId }) {
      parameters.set('client_id', clientId);
      parameters.set('client_secret', secret);
    },
  };
}

function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
