import type { ErrorCode } from 'yaml';

/** Our words for what a YAML parser trips over. Its own may quote the text, which may be a secret. */
const TEXT: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias cannot have an anchor or a tag',
  BAD_ALIAS: 'an anchor or alias needs a name that does not end in a colon',
  BAD_COLLECTION_TYPE: 'this tag does not fit what it stands before',
  BAD_DIRECTIVE: 'a directive (%…) of no known meaning',
  BAD_DQ_ESCAPE: 'a backslash sequence that YAML does not know; double the backslash, or use single quotes',
  BAD_INDENT: 'this line is indented differently from what it belongs to, or a bracket is not closed',
  BAD_PROP_ORDER: 'an anchor or tag stands in the wrong place',
  BAD_SCALAR_START: 'a value that starts with this character must be in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second "key: value" on the same line, or indented below a value; a value that contains ": " must be in quotes',
  BLOCK_IN_FLOW: 'a block inside brackets; put it on lines of its own or in brackets too',
  DUPLICATE_KEY: 'a key that is here twice',
  IMPOSSIBLE: 'this cannot be read as YAML',
  KEY_OVER_1024_CHARS: 'a key of more than 1024 characters',
  MISSING_CHAR: 'a character is missing: a closing quote, a bracket, a comma, or a space after a colon',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line; perhaps the colon after it is missing',
  MULTIPLE_ANCHORS: 'one value cannot have two anchors',
  MULTIPLE_DOCS: 'a second document starts here; a configuration is one document',
  MULTIPLE_TAGS: 'one value cannot have two tags',
  NON_STRING_KEY: 'a key must be text',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAB_AS_INDENT: 'a tab; indent with spaces',
  TAG_RESOLVE_FAILED: 'a tag (!…) of no known meaning',
  UNEXPECTED_TOKEN: 'unexpected text after a value; a value that contains quotes or brackets must be in quotes as a whole',
};

/** What is wrong, in plain words. */
export function describeSyntaxError(code: ErrorCode): string {
  return TEXT[code];
}
