import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareNatural, readMentions, readTitleMentions } from './spec-sections.ts';

function sections(text: string): readonly string[] {
  return readMentions(text).map((mention) =>
    mention.kind === 'section' ? `${mention.document} §${mention.section}` : `? ${mention.text}`,
  );
}

test('a section belongs to the document before it', () => {
  assert.deepEqual(sections('// RFC 7636 §4.6: S256'), ['RFC 7636 §4.6']);
  assert.deepEqual(sections('(OpenID Connect Core §3.1.2.1).'), ['OpenID Connect Core §3.1.2.1']);
  assert.deepEqual(sections('FAPI 2.0 Security Profile §5.3.2.1'), ['FAPI 2.0 Security Profile §5.3.2.1']);
});

test('a list, a bracket and a lower-case word go on with the document named last', () => {
  assert.deepEqual(sections('RFC 6749 §4.1.2.1, §5.2 and §11.'), ['RFC 6749 §4.1.2.1', 'RFC 6749 §5.2', 'RFC 6749 §11']);
  assert.deepEqual(sections('/** RFC 7009.\n * Whoever asks learns nothing (§2.2), as §2.1. */'), ['RFC 7009 §2.2', 'RFC 7009 §2.1']);
});

test('a comment may break the line between document and section', () => {
  assert.deepEqual(sections('/**\n * The answer of RFC 6749\n * §5.1. OpenID Connect\n * Core §2\n */'), [
    'RFC 6749 §5.1',
    'OpenID Connect Core §2',
  ]);
  assert.deepEqual(sections('  // RFC 6749\n  // §5.1'), ['RFC 6749 §5.1']);
});

test('the ways to write a document are one document', () => {
  assert.deepEqual(sections('OpenID Connect (Core §5.1), OpenID Connect Core 1.0 §5.1'), [
    'OpenID Connect Core §5.1',
    'OpenID Connect Core §5.1',
  ]);
  assert.deepEqual(sections('RP-Initiated Logout §2'), ['OpenID Connect RP-Initiated Logout §2']);
});

test('a section without a document, or of one we do not know, is unclear and not of the document before', () => {
  assert.deepEqual(sections('see §4'), ['? see §4']);
  assert.deepEqual(sections('RFC 6749 §5.2 and Cooking Basics §4'), ['RFC 6749 §5.2', '? 6749 §5.2 and Cooking Basics §4']);
});

test('in a test file titles count and comments do not', () => {
  const text =
    "// RFC 6749 §1\n/** RFC 6749 §2 */\ntest('a code is taken once (RFC 6749 §4.1.2)', () => {});\n  define(`x ${y} (RFC 7009 §2)`);";
  assert.deepEqual(
    readTitleMentions(text).map((mention) => (mention.kind === 'section' ? mention.section : '?')),
    ['4.1.2', '2'],
  );
});

test('RFCs come by number, then the other documents; sections as in a table of contents', () => {
  assert.deepEqual(['OAuth 2.1', 'RFC 9700', 'RFC 822'].toSorted(compareNatural), ['RFC 822', 'RFC 9700', 'OAuth 2.1']);
  assert.deepEqual(['4.10', '4.1.2', 'A', '4.2'].toSorted(compareNatural), ['4.1.2', '4.2', '4.10', 'A']);
});
