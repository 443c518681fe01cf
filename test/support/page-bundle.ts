import { build } from 'vite';

/** A page's script and all it imports, as one ES module for browsers. */
export async function bundlePage(entry: string, minify: 'minified' | 'readable' = 'readable'): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['source', 'browser', 'module', 'import'] },
    build: {
      write: false,
      target: 'es2024',
      minify: minify === 'minified',
      modulePreload: false,
      rollupOptions: { input: entry, preserveEntrySignatures: 'strict', output: { format: 'es', codeSplitting: false } },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  if (output === undefined || !('output' in output)) throw new Error('nothing was built');
  const [chunk, ...others] = output.output;
  if (others.some(({ type }) => type === 'chunk')) throw new Error('more than one script');
  return chunk.code;
}
