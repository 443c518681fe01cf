import type { AuthMethod } from './auth-method.ts';
import { findSecretFault } from './client-secret.ts';

/** The secret in the `Authorization` header (RFC 6749 §2.3.1). */
export const clientSecretBasic: AuthMethod = { name: 'client_secret_basic', mechanism: 'client_secret_basic', prove: findSecretFault };
