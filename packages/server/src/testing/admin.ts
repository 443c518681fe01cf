import { adminRoutes } from '../admin/dispatch.ts';
import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import type { Route } from '../route.ts';

const tables = new WeakMap<Context, readonly Route[]>();

/** A request to the admin API, as the rim would hand it on. */
export async function callAdmin(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  let table = tables.get(ctx);
  if (table === undefined) tables.set(ctx, (table = adminRoutes(ctx)));
  const steps = http.path.split('/');
  const fits = ({ path }: Route): boolean => {
    const parts = path.split('/');
    return parts.length === steps.length && parts.every((part, at) => part === '*' || part === steps[at]);
  };
  // The exact one first, as the rim does.
  const route = table.filter(fits).toSorted((one, other) => one.path.split('*').length - other.path.split('*').length)[0];
  const { method } = http;
  const endpoint = method === 'GET' || method === 'POST' || method === 'PUT' || method === 'DELETE' ? route?.methods[method] : undefined;
  if (endpoint === undefined) throw new Error(`nothing answers ${http.method} ${http.path}`);
  return await endpoint(http);
}
