import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { npm } from '../../scripts/install.mjs';
import { ROOT } from './running.ts';

const run = promisify(execFile);

/**
 * Builds `@hufu/protocol` and `@hufu/client` and packs them as they would be published, in a folder of their own: what lies beside the sources stays as it is.
 *
 * @returns the paths of the two archives
 */
export async function packClient(folder: string): Promise<readonly string[]> {
  const names = ['protocol', 'client'];
  await mkdir(join(folder, 'packages'), { recursive: true });
  await mkdir(join(folder, 'node_modules/@hufu'), { recursive: true });
  await cp(join(ROOT, 'tsconfig.base.json'), join(folder, 'tsconfig.base.json'));
  for (const name of names) {
    const isSource = (path: string): boolean => !/[/\\](?:dist|node_modules)$/.test(path);
    await cp(join(ROOT, 'packages', name), join(folder, 'packages', name), { recursive: true, filter: isSource });
    await symlink(join(folder, 'packages', name), join(folder, 'node_modules/@hufu', name));
  }
  for (const name of ['@types', 'react']) await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-b', 'packages/client'], { cwd: folder });
  for (const name of names) await npm(['pack', '--pack-destination', folder], join(folder, 'packages', name));
  return (await readdir(folder)).filter((name) => name.endsWith('.tgz')).map((name) => join(folder, name));
}
