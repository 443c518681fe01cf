import { defineConfig, type Plugin } from 'vite';
import { OPERATIONS } from '../protocol/src/admin/operations.ts';

/** Pages need of the admin API where its operations are and which of them are lists; what describes them is for whoever reads `openapi.json`, and a tenth of the first page. */
const bareOperations: Plugin = {
  name: 'hufu-bare-operations',
  load(id) {
    if (!id.endsWith('/protocol/src/admin/operations.ts')) return null;
    const bare = Object.entries(OPERATIONS).map(([name, { method, path, query, reply }]) => {
      const isList = Object.hasOwn(Object(query['properties']), 'cursor');
      return [
        name,
        { method, path, query: { properties: isList ? { cursor: {} } : {} }, reply: { status: reply.status, body: reply.body && {} } },
      ];
    });
    return [
      `export const OPERATIONS = ${JSON.stringify(Object.fromEntries(bare))};`,
      'export const OPERATION_NAMES = Object.keys(OPERATIONS);',
      'export const operationOf = (name) => OPERATIONS[name];',
    ].join('\n');
  },
};

export default defineConfig({
  base: '/console/',
  plugins: [bareOperations],
  // The JSX of React is what the bundler makes by itself, and nobody develops against a server of Vite's.
  oxc: { jsx: { runtime: 'automatic' } },
  resolve: { conditions: ['source', 'browser', 'module', 'import'] },
  build: {
    target: 'es2022',
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000,
    rollupOptions: {
      onLog(level, log, handler) {
        // The libraries say 'use client' for servers that render; here is none.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handler(level, log);
      },
    },
  },
});
