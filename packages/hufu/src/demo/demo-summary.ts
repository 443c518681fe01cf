import type { Config } from '@hufu/server/config/config';
export function demoSummary(config: Config): string {
  return `Hufu runs at ${config.issuer}`;
}
