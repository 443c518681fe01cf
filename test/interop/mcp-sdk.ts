/** The client of the MCP SDK. */
import { registerHooks } from 'node:module';

// `source` is the condition under which our packages are their sources; one of the SDK's own dependencies means something else by it.
const hooks = registerHooks({
  resolve: (specifier, context, next) =>
    next(
      specifier,
      context.parentURL?.includes('/node_modules/') === true
        ? { ...context, conditions: context.conditions.filter((name) => name !== 'source') }
        : context,
    ),
});
export const { UnauthorizedError } = await import('@modelcontextprotocol/sdk/client/auth.js');
export const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
export const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
hooks.deregister();
