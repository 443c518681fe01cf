import type { Client } from '../clients.ts';

declare const proved: unique symbol;

/** A client that has proved itself by its registered method (or is public and has none). Made by `authenticateClient` alone. */
export interface AuthenticatedClient extends Client {
  readonly [proved]: true;
}
