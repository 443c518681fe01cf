import { readConfig } from '../config/read-config.ts';
import { type ServerLimits, serverLimits } from '../limits/server-limits.ts';

/** Limits by themselves, on a clock that stands still until it is moved. */
export interface LimitCheckout {
  readonly limits: ServerLimits;
  /** Milliseconds. */
  advance(ms: number): void;
}

/** @param yaml of a configuration. */
export function openLimits(yaml = ''): LimitCheckout {
  let now = 1_800_000_000_000;
  const config = readConfig({ text: yaml, file: 'limits.yaml', env: {} });
  const nowMs = (): number => now;
  return {
    limits: serverLimits({ config, nowMs, remote: undefined, passedMs: nowMs }),
    advance(ms) {
      now += ms;
    },
  };
}
