import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderProblem } from './problem.ts';
import { readConfig } from './read-config.ts';

function read(text: string, env: Record<string, string>): ReturnType<typeof readConfig> {
  return readConfig({ text, file: 'hufu.yaml', env });
}

test('the variables overrule the file', () => {
  const file = 'issuer: https://file.example\nlisten: :1\ndata_dir: file\ndatabase: sqlite:file.db\nmode: production';
  const config = read(file, {
    HUFU_ISSUER: 'http://localhost:7',
    HUFU_LISTEN: '8080',
    HUFU_DATA_DIR: 'env',
    HUFU_DATABASE: 'postgres://u:p$$w@h/db',
    HUFU_MODE: 'test',
  });
  assert.equal(config.issuer, 'http://localhost:7');
  assert.deepEqual(config.listen, { host: undefined, port: 8080 });
  assert.equal(config.dataDir, 'env');
  assert.equal(config.mode, 'test');
  assert.equal(config.database.kind === 'postgres' && config.database.url.reveal(), 'postgres://u:p$$w@h/db');
  assert.deepEqual(config.warnings, []);
});

test('what is overruled need not be there', () => {
  assert.equal(read('issuer: ${NOT_SET}', { HUFU_ISSUER: 'https://a.example' }).issuer, 'https://a.example');
});

test('a bad override is a problem that names the variable', () => {
  assert.throws(() => read('mode: test', { HUFU_MODE: 'tset', HUFU_REDIS: 'http://user:hush@x' }), {
    name: 'ConfigError',
    message: [
      'HUFU_REDIS (environment)  redis: must begin with redis:// or rediss://',
      '    found: [secret]    allowed: redis://[user:password@]host[:port][/database], rediss://… for TLS',
      'HUFU_MODE (environment)  mode: is not one of the allowed values',
      '    found: "tset"    allowed: production, development, test    did you mean test?',
    ].join('\n'),
  });
});

test('an empty override counts as not set, and is warned about', () => {
  const config = read('issuer: https://a.example', { HUFU_ISSUER: '' });
  assert.equal(config.issuer, 'https://a.example');
  assert.deepEqual(config.warnings.map(renderProblem), ['HUFU_ISSUER (environment)  issuer: is set but empty, and was not used']);
});

test('a variable that looks like a misspelled override is warned about', () => {
  const warned = (name: string): string | undefined => read('', { [name]: 'x' }).warnings[0]?.suggestion;
  assert.equal(warned('HUFU_ISSURE'), 'HUFU_ISSUER');
  assert.equal(warned('HUFU_DATADIR'), 'HUFU_DATA_DIR');
  assert.equal(warned('HUFU_DATABASE_URL'), 'HUFU_DATABASE');
  assert.equal(warned('hufu_mode'), 'HUFU_MODE');
  assert.equal(warned('HUFU_MASTER_KEY'), undefined);
  assert.equal(warned('ISSUER'), undefined);
});

test('a variable that the file uses is no misspelling', () => {
  assert.deepEqual(read('issuer: ${HUFU_ISSUER_URL}', { HUFU_ISSUER_URL: 'https://a.example' }).warnings, []);
});
