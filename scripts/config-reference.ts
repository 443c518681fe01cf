/**
 * The tables of docs/guides/configuration.md, from the schema that editors use.
 *
 *   node scripts/config-reference.ts           fails when the tables are not current
 *   node scripts/config-reference.ts --write   writes them
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** As much of JSON Schema as `hufu.schema.json` uses. */
export interface Schema {
  readonly description?: string;
  readonly title?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly (string | boolean)[];
  readonly const?: string;
  readonly anyOf?: readonly Schema[];
  /** Mappings that a key of theirs tells apart, as `kind`. */
  readonly oneOf?: readonly Schema[];
  readonly $ref?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
}

interface Row {
  readonly key: string;
  readonly schema: Schema;
  readonly required: boolean;
}

const root = dirname(import.meta.dirname);
export const GUIDE: string = join(root, 'docs/guides/configuration.md');
export const SCHEMA: string = join(root, 'packages/server/hufu.schema.json');

const BEGIN = '<!-- From hufu.schema.json by scripts/config-reference.ts --write. -->';
const END = '<!-- End of what is written by the script. -->';
const RESERVED = /\bnot supported by this version yet\b/;

/** The guide with its tables as the schema has them. Throws where it has no place for them. */
export function withTables(guide: string, schema: Schema): string {
  const begin = guide.indexOf(BEGIN);
  const end = guide.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${BEGIN} and ${END} are not in the guide`);
  return `${guide.slice(0, begin) + BEGIN}\n\n${tables(schema)}\n${guide.slice(end)}`;
}

/** Every key: a table for the top, one for each mapping and list below it, and one for what is only reserved. */
export function tables(schema: Schema): string {
  const { rows, groups } = split(schema);
  const isReserved = ({ schema: { description = '', anyOf } }: Row): boolean => RESERVED.test(description) && anyOf === undefined;
  const sections = [
    section(
      'Top level',
      rows.filter((row) => !isReserved(row)),
    ),
  ];
  for (const { key, schema: group } of groups) sections.push(...sectionsOf(key, group));
  sections.push(section('Reserved: refused until they exist', rows.filter(isReserved)));
  return sections.join('\n');
}

function sectionsOf(key: string, schema: Schema): readonly string[] {
  const named = namedVariants(schema);
  if (named !== undefined) return variantsOf(`${key}.NAME`, named);
  const { oneOf } = schema.items ?? schema;
  if (oneOf !== undefined) return variantsOf(`${key}[]`, oneOf);
  const title = schema.items === undefined ? key : `${key}[]`;
  const { rows, groups } = split(schema.items ?? schema);
  return [
    section(`\`${title}\``, rows, schema.description),
    ...groups.flatMap((group) => sectionsOf(`${title}.${group.key}`, group.schema)),
  ];
}

/** Of a mapping whose keys are names that the document chooses. */
function namedVariants({ additionalProperties }: Schema): readonly Schema[] | undefined {
  return typeof additionalProperties === 'object' ? additionalProperties.oneOf : undefined;
}

/** What all variants have in a table of their own, and then what each has beside it. */
function variantsOf(title: string, variants: readonly Schema[]): readonly string[] {
  const text = (schema: Schema | undefined): string | undefined => schema && JSON.stringify(schema);
  const shared = Object.entries(variants[0]?.properties ?? {}).filter(([name, schema]) =>
    variants.every(({ properties }) => text(properties?.[name]) === text(schema)),
  );
  const common: Schema = { properties: Object.fromEntries(shared), required: variants[0]?.required ?? [] };
  return [
    section(`\`${title}\`, of every kind`, split(common).rows),
    ...split(common).groups.flatMap((group) => sectionsOf(`${title}.${group.key}`, group.schema)),
    ...variants.map((variant) => {
      const own = Object.entries(variant.properties ?? {}).filter(([name]) => common.properties?.[name] === undefined);
      const [name, { const: word } = {}] = own.find(([, schema]) => schema.const !== undefined) ?? [];
      const rest: Schema = {
        properties: Object.fromEntries(own.filter(([key]) => !TELLING.includes(key))),
        required: variant.required ?? [],
      };
      return section(`\`${title}\` with \`${name}: ${word}\``, split(rest).rows);
    }),
  ];
}

/** Keys that tell variants apart. */
const TELLING: readonly string[] = ['kind', 'preset'];

/** Keys with a value of their own, those of small mappings among them, and those that get a table of their own. */
function split(
  { properties = {}, required = [] }: Schema,
  prefix = '',
): { readonly rows: readonly Row[]; readonly groups: readonly Row[] } {
  const rows: Row[] = [];
  const groups: Row[] = [];
  for (const [name, schema] of Object.entries(properties)) {
    const row = { key: prefix + name, schema, required: prefix === '' && required.includes(name) };
    if (isValue(schema)) rows.push(row);
    else if (isSmall(schema)) rows.push(...split(schema, `${row.key}.`).rows);
    else groups.push(row);
  }
  return { rows, groups };
}

function isValue(schema: Schema): boolean {
  const { properties, items, title } = schema;
  if (title !== undefined) return true;
  return properties === undefined && items?.properties === undefined && items?.oneOf === undefined && namedVariants(schema) === undefined;
}

/** Up to three keys, none of them a mapping again. */
function isSmall(schema: Schema): boolean {
  const inner = Object.values(schema.properties ?? {});
  return schema.items === undefined && namedVariants(schema) === undefined && inner.length <= 3 && inner.every(isValue);
}

function section(title: string, rows: readonly Row[], description?: string): string {
  const intro = description === undefined ? '' : `${description}\n\n`;
  if (rows.length === 0) return `### ${title}\n\n${intro}`;
  const lines = rows.map(
    (row) => `| \`${row.key}\` | ${cell(row.schema.description ?? '')} | ${cell(values(row.schema))} | ${cell(fallback(row))} |`,
  );
  return `### ${title}\n\n${intro}| key | what it is | values | default |\n|---|---|---|---|\n${lines.join('\n')}\n`;
}

function fallback({ schema, required }: Row): string {
  if (required) return '**required**';
  const value = schema.default;
  return value === undefined || JSON.stringify(value) === '{}' || JSON.stringify(value) === '[]'
    ? ''
    : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** What may stand there, in words. */
function values(schema: Schema): string {
  const { anyOf = [schema] } = schema;
  const kinds = anyOf.filter((kind) => kind.$ref === undefined);
  const duration = kinds.some(({ pattern }) => pattern === '^[0-9]+[smhd]$');
  if (duration) {
    const { minimum, maximum } = kinds.find(({ type }) => type === 'integer') ?? {};
    return maximum === undefined ? 'a duration' : `a duration, ${inUnits(minimum ?? 0)} to ${inUnits(maximum)}`;
  }
  if (schema.title !== undefined) return schema.title;
  return [...new Set(kinds.map(valuesOf))].join(', or ');
}

function valuesOf(schema: Schema): string {
  const { type, items, minimum, maximum } = schema;
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${word}\``).join(', ');
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (type === 'array') return `a list of: ${items === undefined ? 'anything' : values(items)}`;
  if (type === 'object') return 'a mapping';
  if (type === 'boolean') return '`true`, `false`';
  if (type === 'integer') return maximum === undefined ? 'a number' : `a number, ${minimum ?? 0} to ${maximum}`;
  return 'text';
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
];

function inUnits(seconds: number): string {
  const [name, length] = UNITS.find(([, unit]) => seconds > 0 && seconds % unit === 0) ?? ['s', 1];
  return `\`${seconds / length}${name}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
}

if (import.meta.main) {
  const guide = readFileSync(GUIDE, 'utf8');
  const current = withTables(guide, JSON.parse(readFileSync(SCHEMA, 'utf8')));
  if (process.argv.includes('--write')) writeFileSync(GUIDE, current);
  else if (guide !== current) {
    process.stdout.write('docs/guides/configuration.md is not current: node scripts/config-reference.ts --write\n');
    process.exitCode = 1;
  }
}
