import { createReadStream, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readLines } from '@hufu/server/audit/read-lines';
import { auditSealer } from '@hufu/server/audit/sealer';
import { type AuditVerdict, MAX_LINE, type VerifyOptions, verifyExport, verifyStore } from '@hufu/server/audit/verify-audit';
import { loadConfig } from '@hufu/server/config/load-config';
import { findMasterKey, masterKey } from '@hufu/server/keys/master-key';
import { thumbprint } from '@hufu/server/keys/signer';
import { type Command, type CommandCall, RefusedError, UsageError } from '../command.ts';
import { readLocalWords, withReadOnlyContext } from '../local.ts';

interface Words {
  readonly file: string | undefined;
  readonly json: boolean;
  readonly config: string | undefined;
  readonly options: VerifyOptions;
}

/** Says whether the audit log is as it was written, and if not, where. */
export const auditVerify: Command = {
  name: 'audit verify',
  summary: 'says whether the audit log, or an export of it, is as it was written, and if not, where',
  usage: 'hufu audit verify [FILE] [--jwks FILE] [--key THUMBPRINT] [--checkpoint SEQ:HASH] [--config hufu.yaml] [--json]',
  async run(call) {
    const words = readWords(call.args);
    const verdict = words.file === undefined ? await inStore(call, words) : await inFile(call, words, words.file);
    call.out(words.json ? JSON.stringify(verdict) : tell(verdict, words.options));
    const [first] = verdict.faults;
    if (first !== undefined) throw new RefusedError(`the audit log is not as it was written: ${first.kind} at ${first.seq}`);
    return 0;
  },
};

async function inStore(call: CommandCall, { config, options }: Words): Promise<AuditVerdict> {
  const local = await readLocalWords({ ...call, args: config === undefined ? [] : ['--config', config] });
  return await withReadOnlyContext(
    call,
    local.config,
    async (ctx) => {
      // No checkpoint: what is being judged is not vouched for first.
      await auditSealer(ctx).seal('never');
      return verifyStore(ctx, options);
    },
    ['sealAudit'],
  );
}

/** With the master key where the environment or a configuration that is named has it; with nothing else. */
async function inFile(call: CommandCall, { config, options }: Words, file: string): Promise<AuditVerdict> {
  const environment = call.env['HUFU_MASTER_KEY'];
  const read = config === undefined ? undefined : await loadConfig(config, call.env);
  const key =
    read !== undefined
      ? findMasterKey(environment, read.dataDir, true)
      : environment === undefined
        ? undefined
        : masterKey(Buffer.from(environment, 'base64url'));
  try {
    return await verifyExport(readLines(createReadStream(file), MAX_LINE), {
      ...options,
      mac: key === undefined ? undefined : (text) => key.mac(text, 'audit log'),
      issuer: read?.issuer,
    });
  } catch (error) {
    if (error instanceof TypeError || (error instanceof Error && 'code' in error)) throw new RefusedError(`${file}: ${error.message}`);
    throw error;
  }
}

function tell(
  { entries, from, to, vouchedTo, checkpoints, keys, withMasterKey, faults }: AuditVerdict,
  { thumbprints, known = [] }: VerifyOptions,
): string {
  const lines = faults.map(({ seq, kind, detail }) => `${String(seq).padStart(10)}  ${kind}: ${detail}`);
  const trusted = thumbprints !== undefined || withMasterKey;
  return [
    ...lines,
    entries === 0 ? 'There are no entries.' : `${entries} entries, ${from} to ${to}. ${checkpoints} checkpoints.`,
    vouchedTo < from
      ? 'No checkpoint vouches for any of them.'
      : `Checkpoints vouch for what is up to ${vouchedTo}${vouchedTo < to ? '; what comes after it could still be cut off' : ''}.`,
    ...(from === 1 || known.some(({ seq }) => seq === from - 1)
      ? []
      : [`What comes before ${from} is not in it: hand in --checkpoint ${from - 1}:HASH to know that it goes on from there.`]),
    ...(trusted || keys.length === 0
      ? []
      : [
          `Nobody said which keys are the issuer’s; the checkpoints are signed with ${keys.join(', ')}: compare it, or hand in --jwks or --key.`,
        ]),
    withMasterKey
      ? 'Each entry was held against the master key.'
      : 'Without the master key nobody can say whether entries after the last checkpoint were written by the server.',
    faults.length === 0 ? 'All of it is as it was written.' : `${faults.length} faults, the first at ${faults[0]?.seq}.`,
  ].join('\n');
}

function readWords(args: readonly string[]): Words {
  const { values, positionals } = parse(args);
  if (positionals.length > 1) throw new UsageError('one file at most');
  const { checkpoint = [], key = [], jwks } = values;
  const thumbprints = key.length === 0 && jwks === undefined ? undefined : new Set([...key, ...(jwks === undefined ? [] : readJwks(jwks))]);
  return {
    file: positionals[0],
    json: values.json === true,
    config: values.config,
    options: { known: checkpoint.map(readKnown), thumbprints },
  };
}

function parse(args: readonly string[]): ReturnType<typeof parseWords> {
  try {
    return parseWords(args);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the words do not read');
  }
}

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- what `parseArgs` makes of the options is their type
function parseWords(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      json: { type: 'boolean' },
      jwks: { type: 'string' },
      key: { type: 'string', multiple: true },
      checkpoint: { type: 'string', multiple: true },
    },
  });
}

function readKnown(text: string): { readonly seq: number; readonly hash: string } {
  const [, seq, hash] = /^([1-9]\d{0,14}):([\w-]{43})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined) throw new UsageError('--checkpoint is SEQ:HASH, as `audit export` and the log say it');
  return { seq: Number(seq), hash };
}

/** The thumbprints of the keys of a JWKS (RFC 7517 §5, RFC 7638). */
function readJwks(file: string): string[] {
  let keys: unknown;
  try {
    keys = Object(JSON.parse(readFileSync(file, 'utf8'))).keys;
  } catch (error) {
    throw new RefusedError(`${file}: ${error instanceof Error ? error.message : 'it does not read'}`);
  }
  if (!Array.isArray(keys)) throw new RefusedError(`${file} is no JWKS`);
  return keys.map((key: unknown) => {
    const { kid: _kid, use: _use, alg: _alg, key_ops: _ops, ...members }: Readonly<Record<string, unknown>> = { ...Object(key) };
    return thumbprint(JSON.stringify(members));
  });
}
