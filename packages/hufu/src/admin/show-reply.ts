import type { AnyOperation } from '@hufu/protocol/admin/operation';
import type { JsonSchema } from '@hufu/protocol/admin/shape';
import { padDisplay, visible } from '../display-width.ts';
import { table, when } from '../table.ts';
import { propertiesOf } from './read-words.ts';

/** What an operation answered, as people read it. */
export function showReply(operation: AnyOperation, body: unknown): string {
  const schema = operation.reply.body;
  return schema === undefined || body === undefined ? 'Done.' : showValue(schema, body);
}

function showValue(schema: JsonSchema, value: unknown): string {
  const properties = propertiesOf(schema);
  const object: Readonly<Record<string, unknown>> = Object(value);
  const lines: string[] = [];
  const scalars = Object.keys(properties).filter((name) => !isTable(properties[name]) && !isObject(properties[name]) && name !== 'next');
  const width = Math.max(0, ...scalars.map((name) => name.length));
  for (const name of scalars)
    if (object[name] !== undefined) lines.push(`${padDisplay(name, width)}  ${cell(properties[name] ?? {}, object[name])}`.trimEnd());
  for (const [name, inner] of Object.entries(properties)) {
    if (object[name] === undefined) continue;
    const heading = Object.keys(properties).length === 1 || name === 'items' ? [] : [...(lines.length === 0 ? [] : ['']), name];
    if (isTable(inner)) lines.push(...heading, showTable(inner, object[name]));
    else if (isObject(inner))
      lines.push(
        ...heading,
        ...indent(Object.keys(propertiesOf(inner)).length === 0 ? pretty(object[name]) : showValue(inner, object[name])),
      );
  }
  return lines.join('\n');
}

function showTable({ items }: JsonSchema, rows: unknown): string {
  const list: readonly unknown[] = Array.isArray(rows) ? rows : [];
  if (list.length === 0) return 'There are none.';
  const properties = propertiesOf(Object(items));
  const given = Object.keys(properties).filter((name) => list.some((row) => Object(row)[name] !== undefined));
  return table(
    given,
    list.map((row) => given.map((name) => (Object(row)[name] === undefined ? '' : cell(properties[name] ?? {}, Object(row)[name])))),
  );
}

function cell(schema: JsonSchema, value: unknown): string {
  if (typeof value === 'number' && String(schema['description']).includes('since 1970')) {
    if (value === 0) return '';
    return String(schema['description']).includes('Milliseconds') ? when(value / 1000) : when(value);
  }
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return visible(value.join(' '));
  return visible(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2).split('\n').map(visible).join('\n');
}

function indent(text: string): readonly string[] {
  return text.split('\n').map((line) => `  ${line}`);
}

function isTable(schema: JsonSchema | undefined): boolean {
  return schema?.['type'] === 'array' && Object(schema['items'])['type'] === 'object';
}

function isObject(schema: JsonSchema | undefined): boolean {
  return schema?.['type'] === 'object';
}
