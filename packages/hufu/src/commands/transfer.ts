import { readFile, stat } from 'node:fs/promises';
import { type Command, type CommandCall, RefusedError, UsageError } from '../command.ts';
import { visible } from '../display-width.ts';
import { onlyOptions, readLocalWords, withContext, withReadOnlyContext } from '../local.ts';

const MAX_BYTES = 512 * 1_048_576;
/** Administrators that are told before anything is asked. */
const MAX_TOLD = 100;
/** Where the passphrase is, if not in a file. */
const PASSPHRASE = 'HUFU_EXPORT_PASSPHRASE';

/** What can be moved to another instance. */
export const exportCommand: Command = {
  name: 'export',
  summary: 'writes clients, users and limits of the store, for hufu import',
  usage: 'hufu export [--out export.json] [--with-credentials --passphrase-file F] [--config hufu.yaml] [--json]',
  async run(call) {
    const withCredentials = call.args.includes('--with-credentials');
    const words = await onlyOptions({ ...call, args: call.args.filter((word) => word !== '--with-credentials') }, [
      'out',
      'passphrase-file',
    ]);
    const { out } = words.options;
    if (withCredentials && out === undefined) throw new UsageError('--with-credentials goes with --out: hashes are for no screen');
    const passphrase = withCredentials ? await passphraseOf(call, words.options['passphrase-file']) : undefined;
    // Here, so that a server that starts does not load it.
    const { exportInstance } = await import('../transfer/export-instance.ts');
    const exported = await withReadOnlyContext(call, words.config, (ctx, now) => exportInstance(ctx, { withCredentials }, now));
    const text = `${JSON.stringify(exported, null, 2)}\n`;
    if (out === undefined) call.out(text.trimEnd());
    else {
      const { sealExport } = await import('../transfer/sealed-export.ts');
      const { writePrivately } = await import('../write-privately.ts');
      await writePrivately(out, passphrase === undefined ? text : await sealExport(text, passphrase));
      const counts = { clients: exported.clients.length, users: exported.users.length, limits: exported.limits.length };
      call.out(
        words.json
          ? JSON.stringify({ out, ...counts })
          : `${out} has ${counts.clients} clients, ${counts.users} users and ${counts.limits} limits.`,
      );
    }
    return 0;
  },
};

/** Adds what an export has and the store has not. */
export const importCommand: Command = {
  name: 'import',
  summary: 'adds what hufu export wrote; what is there already stays as it is',
  usage: 'hufu import <export.json> [--passphrase-file F] [--dry-run] [--yes] [--config hufu.yaml] [--json]',
  async run(call) {
    const flags = ['--dry-run', '--yes'];
    const [dryRun, yes] = flags.map((flag) => call.args.includes(flag));
    const words = await readLocalWords({ ...call, args: call.args.filter((word) => !flags.includes(word)) }, ['passphrase-file']);
    const [file] = words.positionals;
    if (file === undefined || words.positionals.length > 1) throw new UsageError('one file is needed');
    const { readExported } = await import('../transfer/exported.ts');
    const exported = readExported(await parsed(call, file, words.options['passphrase-file']));
    const { askAtTerminal } = await import('../admin/ask-first.ts');
    const { importInstance } = await import('../transfer/import-instance.ts');
    const opened = dryRun === true ? withReadOnlyContext : withContext;
    const all = await opened(call, words.config, async (ctx, now) => {
      const planned = await importInstance(ctx, exported, { dryRun: true }, now);
      const added = planned.filter(({ outcome }) => outcome === 'added').length;
      if (dryRun === true || added === 0) return planned;
      // What is worth a look before, whatever the file says that it is.
      const isAdded = (user: number): boolean => planned[exported.clients.length + user]?.outcome === 'added';
      for (const { username, role } of exported.users.filter((user, i) => user.role !== undefined && isAdded(i)).slice(0, MAX_TOLD))
        call.err(visible(`${username} is an administrator of the export (${role})`));
      if (exported.issuer !== ctx.issuer) call.err(`the export is of ${visible(exported.issuer)}, this is ${ctx.issuer}`);
      if (yes !== true && !(await askAtTerminal(call, '--dry-run')(`${added} of ${planned.length} would be added to ${ctx.issuer}.`)))
        throw new RefusedError('nothing was done');
      return importInstance(ctx, exported, { dryRun: false }, now);
    });
    if (words.json) call.out(JSON.stringify({ dry_run: dryRun === true, items: all }));
    else {
      for (const { about, outcome, note } of all)
        if (outcome !== 'same')
          call.out(
            visible(
              `${MARKS[outcome]} ${about}${outcome === 'other' ? ': another is there, which stays' : ''}${note === undefined ? '' : `: ${note}`}`,
            ),
          );
      const count = (outcome: keyof typeof MARKS): number => all.filter((one) => one.outcome === outcome).length;
      call.out(
        `${count('added')} ${dryRun === true ? 'would be added' : 'added'}, ${count('same')} there already, ${count('other')} left alone.`,
      );
    }
    return all.some(({ outcome }) => outcome === 'other') ? 1 : 0;
  },
};

const MARKS = { added: '+', same: '=', other: '!' } as const;

async function parsed(call: CommandCall, file: string, passphraseFile: string | undefined): Promise<unknown> {
  const { size } = await stat(file).catch(() => {
    throw new UsageError(`${file} cannot be read`);
  });
  if (size > MAX_BYTES) throw new RefusedError(`${file} is too large to be an export`);
  const value = parse(await readFile(file, 'utf8'), file);
  const { isSealed, openExport } = await import('../transfer/sealed-export.ts');
  return isSealed(value) ? parse(await openExport(value, await passphraseOf(call, passphraseFile)), file) : value;
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RefusedError(`${file} is not JSON`);
  }
}

async function passphraseOf({ env }: CommandCall, file: string | undefined): Promise<string> {
  if (file !== undefined)
    return (
      await readFile(file, 'utf8').catch(() => {
        throw new UsageError(`${file} cannot be read`);
      })
    ).replace(/\r?\n$/, '');
  const given = env[PASSPHRASE];
  if (given === undefined) throw new UsageError(`a passphrase is needed: --passphrase-file F, or ${PASSPHRASE}`);
  return given;
}
