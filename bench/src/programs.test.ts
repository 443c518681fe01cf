import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strip } from './programs.ts';

test('types go, relative specifiers point to JavaScript, and nothing else changes', () => {
  const source = `import { a } from './a.ts';\nimport type { B } from "../b.ts";\nimport pg from 'pg';\nexport const c: string = a('x.ts');\n`;
  const stripped = strip(source);
  assert.match(stripped, /import \{ a \} from '\.\/a\.js';/);
  assert.doesNotMatch(stripped, /B|: string/);
  assert.match(stripped, /import pg from 'pg';/);
  assert.match(stripped, /export const c\s+= a\('x\.ts'\);/);
});
