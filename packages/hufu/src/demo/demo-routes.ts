import type { Route } from '@hufu/server/routes';
export function demoRoutes(): readonly Route[] {
  return [];
}
