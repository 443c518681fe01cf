/** Writes `hufu.schema.json`: `node --conditions=source packages/server/src/config/write-schema.ts`. */
import { writeFileSync } from 'node:fs';
import { configJsonSchema } from './config-schema.ts';

writeFileSync(new URL('../../hufu.schema.json', import.meta.url), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
