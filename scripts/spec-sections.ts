/** Reads which sections of which standards a text names: `RFC 7636 §4.6`, `OpenID Connect Core §3.1.2.1`. */

/** A section, or a `§` whose document cannot be told. */
export type Mention =
  | { readonly kind: 'section'; readonly document: string; readonly section: string }
  | { readonly kind: 'unclear'; readonly text: string };

/**
 * How a document may be written; the first group, if there is one, takes the place of `$1` in the name. A document that is not here is
 * added here. Short forms count only right before a `§`.
 */
const DOCUMENTS: readonly { readonly name: string; readonly written: string }[] = [
  { name: 'RFC $1', written: 'RFC ([0-9]{3,5}(?:bis)?)' },
  { name: '$1', written: '(draft-[a-z0-9]+(?:-[a-z0-9]+)+)' },
  { name: 'OpenID Connect Core', written: 'OpenID Connect Core(?: 1\\.0)?|(?<!SAML |SAML 2\\.0 )Core(?= §)' },
  { name: 'OpenID Connect Discovery', written: 'OpenID Connect Discovery(?: 1\\.0)?|(?<!OpenID Connect )Discovery(?= §)' },
  {
    name: 'OpenID Connect Registration',
    written: '(?:OpenID Connect )(?:Dynamic )?(?:Client )?Registration(?: 1\\.0)?|Registration(?= §)',
  },
  { name: 'OpenID Connect RP-Initiated Logout', written: '(?:OpenID Connect )?RP-Initiated Logout(?: 1\\.0)?' },
  { name: 'OpenID Connect Front-Channel Logout', written: '(?:OpenID Connect )?Front-Channel Logout(?: 1\\.0)?' },
  { name: 'OpenID Connect Back-Channel Logout', written: '(?:OpenID Connect )?Back-Channel Logout(?: 1\\.0)?' },
  { name: 'OpenID Connect Session Management', written: '(?:OpenID Connect )?Session Management(?: 1\\.0)?' },
  { name: 'OpenID Connect Prompt Create', written: '(?:OpenID Connect )?Prompt Create(?: 1\\.0)?' },
  {
    name: 'OpenID Connect Unmet Authentication Requirements',
    written: '(?:OpenID Connect )?Unmet Authentication Requirements(?: 1\\.0)?',
  },
  { name: 'OpenID Connect CIBA', written: '(?:OpenID Connect )?(?:CIBA|Client-Initiated Backchannel Authentication)(?: Core)?(?: 1\\.0)?' },
  { name: 'OAuth Multiple Response Types', written: '(?:OAuth (?:2\\.0 )?)?Multiple Response Types(?: 1\\.0)?' },
  { name: 'OAuth Form Post Response Mode', written: '(?:OAuth (?:2\\.0 )?)?Form Post Response Mode(?: 1\\.0)?' },
  { name: 'OAuth 2.1', written: 'OAuth 2\\.1' },
  { name: 'FIPS 180-4', written: 'FIPS 180-4' },
  { name: 'JARM', written: 'JARM' },
  { name: 'Token Status List', written: 'Token Status List' },
  { name: 'Client ID Metadata Document', written: 'Client ID Metadata Documents?' },
  { name: 'ID-JAG', written: 'ID-JAG' },
  { name: 'Attestation-Based Client Authentication', written: 'Attestation-Based Client Authentication' },
  {
    name: 'FAPI $1',
    written: 'FAPI ((?:1(?:\\.0)? (?:Baseline|Advanced|[Pp]art [12])|2(?:\\.0)? (?:Security Profile|Message Signing|Attacker Model)))',
  },
  { name: 'MCP Authorization', written: 'MCP Authorization' },
  { name: 'NIST SP $1', written: 'NIST SP ([0-9]+-[0-9A-Z]+(?:-[0-9])?)' },
  { name: 'SAML $1', written: 'SAML (?:2\\.0 )?(Core|Profiles|Bindings|Metadata)' },
  { name: 'WCAG $1', written: 'WCAG ([0-9]+(?:\\.[0-9]+)?)' },
  { name: 'WebAuthn', written: 'WebAuthn' },
  { name: 'Fetch', written: 'Fetch(?= §)' },
  { name: 'HTML', written: 'HTML(?= §)' },
];

const NAMED = DOCUMENTS.map(({ written }) => `(?:${written})`).join('|');
const TOKEN = new RegExp(`(?<![\\w-])(?<document>${NAMED})|§\\s?(?<section>[0-9A-Z][0-9A-Za-z.]*)|(?<lost>§)`, 'g');
/** What stands before a `§` that goes on with the document named last: a bracket, a comma, or a lower-case word. */
const GOES_ON = /(?:^|[(,;:/–]|(?:^|[^\w])[a-z][\w'’]*)[\s"'`*]*$/;

/**
 * The mentions in a text, in order, repeated ones too. A `§` after a bracket, a comma or a lower-case word belongs to the document that
 * was named last.
 * @param text source code or prose; a comment may break a line between document and section
 */
export function readMentions(text: string): readonly Mention[] {
  const joined = text.replace(/\s*\n\s*(?:\*(?!\/)|\/\/)?[ \t]*/g, ' ');
  const mentions: Mention[] = [];
  let document: string | undefined;
  let documentEnd = -1;
  for (const match of joined.matchAll(TOKEN)) {
    if (match.groups?.document !== undefined) {
      document = nameOf(match.groups.document);
      documentEnd = match.index + match[0].length;
      continue;
    }
    const section = match.groups?.section?.replace(/\.+$/, '');
    const before = joined.slice(Math.max(0, match.index - 40), match.index);
    const belongs = joined.slice(documentEnd, match.index).trim() === '' || GOES_ON.test(before);
    if (document === undefined || section === undefined || !belongs) {
      mentions.push({ kind: 'unclear', text: joined.slice(Math.max(0, match.index - 30), match.index + match[0].length + 5).trim() });
    } else {
      mentions.push({ kind: 'section', document, section });
    }
  }
  return mentions;
}

/** The mentions in string literals alone: what a test file says in its titles, not in its comments. */
export function readTitleMentions(text: string): readonly Mention[] {
  const lines = text.split('\n').filter((line) => line.includes('§') && !/^\s*(?:\/\/|\/?\*)/.test(line));
  const literals = lines.flatMap((line) => line.match(/'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`/g) ?? []);
  return literals.flatMap((literal) => readMentions(literal));
}

/** RFCs by number, then the others by name; sections as a table of contents has them. */
export function compareNatural(a: string, b: string): number {
  return Number(b.startsWith('RFC ')) - Number(a.startsWith('RFC ')) || ORDER.compare(a, b);
}

const ORDER = new Intl.Collator('en', { numeric: true });

function nameOf(written: string): string {
  for (const document of DOCUMENTS) {
    const match = new RegExp(`^(?:${document.written.replaceAll('(?= §)', '')})$`).exec(written);
    if (match !== null) return document.name.replace('$1', match[1] ?? '');
  }
  throw new Error(`no document is written ${written}`);
}
