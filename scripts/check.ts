/**
 * `npm run check`: format, lint, types, unused code, and the maps of the standards and of the conformance tests. All of them run, whatever fails.
 *
 *   npm run check -- [names]    only these
 *   npm run check -- --fix      writes the format and the maps first
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

interface Check {
  readonly name: string;
  /** Arguments for Node. */
  readonly commands: readonly (readonly string[])[];
}

const root = dirname(import.meta.dirname);
const { values, positionals } = parseArgs({ allowPositionals: true, options: { fix: { type: 'boolean', default: false } } });

const CHECKS: readonly Check[] = [
  {
    name: 'format',
    commands: [[toolOf('@biomejs/biome'), 'check', '--colors=off', '--reporter=summary', ...(values.fix ? ['--write'] : [])]],
  },
  { name: 'lint', commands: [[toolOf('oxlint')]] },
  { name: 'types', commands: [[toolOf('typescript'), '-p', 'tsconfig.check.json']] },
  { name: 'package-types', commands: packageProjects().map((project) => [toolOf('typescript'), '-p', project]) },
  { name: 'unused', commands: [[toolOf('knip'), '--no-progress', '--no-config-hints']] },
  { name: 'conformance', commands: [[join(import.meta.dirname, 'conformance.ts'), ...(values.fix ? ['--write'] : [])]] },
  { name: 'spec-map', commands: [[join(import.meta.dirname, 'spec-map.ts'), ...(values.fix ? ['--write'] : [])]] },
];

const chosen = CHECKS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
let failed = chosen.length === 0;
for (const check of chosen) failed = !(await run(check)) || failed;
if (chosen.length === 0) process.stdout.write(`no such check; there are: ${CHECKS.map(({ name }) => name).join(', ')}\n`);
process.exitCode = failed ? 1 : 0;

async function run({ name, commands }: Check): Promise<boolean> {
  const started = performance.now();
  let output = '';
  let ok = true;
  for (const command of commands) {
    const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const [code] = await once(child, 'close');
    ok &&= code === 0;
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${name.padEnd(14)} ${ok ? 'ok    ' : 'failed'} ${seconds.padStart(5)} s\n`);
  if (!ok) process.stdout.write(`${output.trim().replace(/^/gm, '    ')}\n`);
  return ok;
}

/** The file that a package's `bin` names, so that it runs on this Node and not on the first one in PATH. */
function toolOf(name: string): string {
  const manifest = join(root, 'node_modules', name, 'package.json');
  const { bin }: { bin: string | Readonly<Record<string, string>> } = JSON.parse(readFileSync(manifest, 'utf8'));
  const file = typeof bin === 'string' ? bin : Object.values(bin)[0];
  if (file === undefined) throw new Error(`${name} has no program`);
  return join(dirname(manifest), file);
}

/**
 * Each package under its own, stricter settings (its own libraries and types, isolated declarations) as `tsc -b` would build it, but
 * straight from the sources of the others: nothing is built, so nothing stale is read.
 */
function packageProjects(): readonly string[] {
  const { references }: { references: readonly { path: string }[] } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  const folder = join(root, '.cache', 'check');
  mkdirSync(folder, { recursive: true });
  return references.map(({ path }) => {
    const project = join(folder, `${basename(path)}.json`);
    const compilerOptions = { noEmit: true, composite: false, incremental: false, rootDir: root };
    writeFileSync(project, JSON.stringify({ extends: join(root, path, 'tsconfig.json'), compilerOptions, references: [] }));
    return project;
  });
}
