import type { AuthMethod } from './auth-method.ts';
import { findSecretFault } from './client-secret.ts';

/** The secret in the body (RFC 6749 §2.3.1). */
export const clientSecretPost: AuthMethod = { name: 'client_secret_post', mechanism: 'client_secret_post', prove: findSecretFault };
