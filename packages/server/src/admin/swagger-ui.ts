import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Files of Swagger UI that its page loads. */
export const SWAGGER_FILES = ['swagger-ui-bundle.js', 'swagger-ui.css'] as const;

export type SwaggerFile = (typeof SWAGGER_FILES)[number];

/** In the published program they lie beside it (`scripts/bundle.ts`), in a checkout in their package. */
const BESIDE = ['./swagger-ui/', './chunks/swagger-ui/'];

const loaded = new Map<SwaggerFile, Promise<Uint8Array | undefined>>();

/** Read when it is first asked for: a server whose documentation nobody reads does not hold it. Undefined where this installation has none. */
export function swaggerFile(name: SwaggerFile): Promise<Uint8Array | undefined> {
  let file = loaded.get(name);
  if (file === undefined) loaded.set(name, (file = find(name)));
  return file;
}

async function find(name: SwaggerFile): Promise<Uint8Array | undefined> {
  for (const folder of BESIDE) {
    const file = await readFile(new URL(folder + name, import.meta.url)).catch(() => undefined);
    if (file !== undefined) return file;
  }
  try {
    return await readFile(fileURLToPath(import.meta.resolve(`swagger-ui-dist/${name}`)));
  } catch {
    return undefined;
  }
}
