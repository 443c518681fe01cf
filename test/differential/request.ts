import type { Desk } from './desk.ts';
import type { Facts } from './facts.ts';

/** One request that both servers get, with whatever has to come before it. */
export interface DifferentialRequest {
  /** Unlike any other's: what is asked, and what is odd about it. */
  readonly id: string;
  /** Moves the time: these run last, on their own servers' clocks. */
  readonly late?: boolean;
  send(desk: Desk): Promise<Facts>;
}

export function request(id: string, send: DifferentialRequest['send']): DifferentialRequest {
  return { id, send };
}
