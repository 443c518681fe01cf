import type { Client } from '../clients.ts';

/** A client that has proved itself by its registered method (or is public and has none). Made here alone. */
export interface AuthenticatedClient extends Client {
  /** False for a public client: it only said its name. */
  readonly confidential: boolean;
  readonly authenticated: true;
}
