/** What can be chosen, as fields of a form: read back by their names. */
import { type Choices, type NumberName, RANGES, readChoices } from './choices.ts';
import { element } from './elements.ts';
import { KINDS } from './rules.ts';
import { SHAPES } from './traffic.ts';
import type { Words } from './words.ts';

/** The whole form anew, in the words of a language. */
export function drawControls(form: HTMLFormElement, choices: Choices, words: Words): void {
  const number = (name: NumberName): HTMLElement => {
    const { least, most } = RANGES[name];
    const input = element('input', { id: name, name, type: 'number', min: least, max: most, step: 1, value: choices[name], required: '' });
    const unit = words.units[name];
    return field(name, words.fields[name], input, ...(unit === undefined ? [] : [element('span', { class: 'unit' }, unit)]));
  };
  const shape = select(
    'shape',
    choices.shape,
    SHAPES.map((one) => [one, words.shapes[one]] as const),
  );
  const keys = select('keys', choices.isApart ? 'apart' : 'one', [
    ['apart', words.keys.apart],
    ['one', words.keys.one],
  ]);
  form.replaceChildren(
    group('limit', words.groups.limit, number('limit'), number('periodMs'), number('burst'), number('maxQueueMs'), number('warmUpMs')),
    group(
      'traffic',
      words.groups.traffic,
      field('shape', words.fields.shape, shape),
      number('rate'),
      number('seconds'),
      number('seed'),
      field('keys', words.fields.keys, keys),
    ),
    group(
      'algorithms',
      words.groups.algorithms,
      ...KINDS.map((kind) => {
        const box = element('input', {
          type: 'checkbox',
          name: 'kinds',
          value: kind,
          ...(choices.kinds.includes(kind) ? { checked: '' } : {}),
        });
        return element('label', { class: 'box' }, box, element('span', {}, words.kinds[kind][0]));
      }),
    ),
  );
  showWhatMatters(form, choices);
}

/** A seed matters where there is chance, and keys where there are two. */
export function showWhatMatters(form: HTMLFormElement, { shape }: Choices): void {
  const parts = { seed: shape === 'poisson', keys: shape === 'two_clients' };
  for (const [name, matters] of Object.entries(parts)) form.querySelector(`[data-field=${name}]`)?.toggleAttribute('hidden', !matters);
}

export function readControls(form: HTMLFormElement): Choices {
  const given = new URLSearchParams();
  const kinds: string[] = [];
  for (const [name, value] of new FormData(form)) {
    if (name === 'kinds') kinds.push(String(value));
    else given.set(name, String(value));
  }
  given.set('kinds', kinds.join('.'));
  return readChoices(given);
}

function group(id: string, name: string, ...fields: readonly HTMLElement[]): HTMLElement {
  return element('fieldset', { class: `group ${id}` }, element('legend', {}, name), element('div', { class: 'fields' }, ...fields));
}

function field(name: string, label: string, ...parts: readonly HTMLElement[]): HTMLElement {
  return element(
    'div',
    { class: 'field', 'data-field': name },
    element('label', { for: name }, label),
    element('div', { class: 'entry' }, ...parts),
  );
}

function select(name: string, chosen: string, options: readonly (readonly [value: string, text: string])[]): HTMLElement {
  return element(
    'select',
    { id: name, name },
    ...options.map(([value, text]) => element('option', { value, ...(value === chosen ? { selected: '' } : {}) }, text)),
  );
}
