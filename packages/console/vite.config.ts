import { defineConfig } from 'vite';

export default defineConfig({
  base: '/console/',
  // No plug-in: the JSX of React is what the bundler makes by itself, and nobody develops against a server of Vite's.
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
