// @ts-check
/** Other versions of Node than the pinned one, for running the tests on them. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../install.mjs';

/** @type {Record<string, string>} */
const VERSIONS = { 24: '24.21.0' };

/**
 * The path of a Node, fetched from the registry into `.cache/` the first time.
 * @param {string} root the repository
 * @param {string} major a key of the table above
 * @param {(line: string) => void} [log] progress lines
 * @returns {Promise<string>}
 */
export async function ensureNode(root, major, log = () => {}) {
  const version = VERSIONS[major];
  if (version === undefined) throw new Error(`Node ${major} is not one the tests run on (${Object.keys(VERSIONS).join(', ')})`);
  const folder = join(root, '.cache', `node-${version}`);
  const node = join(folder, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(node)) return node;
  log(`node ${version}: fetching`);
  mkdirSync(folder, { recursive: true });
  const manifest = { private: true, dependencies: { node: version }, allowScripts: { node: true } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  await npm(['install', '--no-package-lock'], folder);
  if (!existsSync(node)) throw new Error(`npm installed node@${version} without running its install script`);
  return node;
}
