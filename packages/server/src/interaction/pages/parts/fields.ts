import { type AttributeValue, attributes, type Html, html } from '../html.ts';

/** A field of a form: its label, what it is for, what is wrong with it, and itself. */
export interface FieldView {
  /** Its name in the form, and its id on the page. */
  readonly name: string;
  readonly label: string;
  /** Stands between label and field. */
  readonly hint?: string | Html | undefined;
  /** What is wrong with what was typed (WCAG 2.2 §3.3.1). */
  readonly problem?: string | undefined;
  /** The word that says that it may be left empty. */
  readonly optional?: string | undefined;
  /** What was typed before; never a secret. */
  readonly value?: string | undefined;
  /** `type`, `required`, `autocomplete`, `autofocus`, … */
  readonly input: Readonly<Record<string, AttributeValue>>;
}

/** A line of text to type. */
export function field(view: FieldView): Html {
  return html`${labelOf(view)}
<input id="${view.name}" name="${view.name}" ${attributes({ ...view.input, ...about(view), value: view.value })}>
${problemOf(view)}`;
}

/** A password, with a button that shows it where scripts run. `autocomplete`: `current-password` or `new-password`. */
export function passwordField(view: Omit<FieldView, 'value' | 'optional'>, words: { readonly show: string; readonly hide: string }): Html {
  const marks = { type: 'password', required: true, ...view.input, ...about(view), 'data-show': words.show, 'data-hide': words.hide };
  return html`${labelOf(view)}
<input id="${view.name}" name="${view.name}" ${attributes(marks)}>
${problemOf(view)}`;
}

/** The one field of a page where somebody chooses a password after a mail. */
export function newPasswordField({
  minLength,
  ...view
}: Pick<FieldView, 'label' | 'hint' | 'problem'> & { readonly minLength: number }): Html {
  return field({
    ...view,
    name: 'password',
    input: { type: 'password', autocomplete: 'new-password', required: true, autofocus: true, minlength: minLength },
  });
}

/** A code out of an app or a mail, digits in wide type. `digits`: how many there are. */
export function codeField(view: Omit<FieldView, 'value' | 'optional'>, digits: number): Html {
  const marks = {
    type: 'text',
    class: 'code digits',
    required: true,
    inputmode: 'numeric',
    autocomplete: 'one-time-code',
    // Room for the spaces that people type between.
    maxlength: digits * 2 + 4,
    spellcheck: 'false',
    ...view.input,
    ...about(view),
  };
  return html`${labelOf(view)}
<input id="${view.name}" name="${view.name}" ${attributes(marks)}>
${problemOf(view)}`;
}

export interface SelectView extends Omit<FieldView, 'input'> {
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly input?: FieldView['input'];
}

/** One of several; `value` is chosen. */
export function selectField(view: SelectView): Html {
  const options = view.options.map(
    ({ value, label }) => html`<option value="${value}" ${attributes({ selected: value === (view.value ?? '') })}>${label}</option>
`,
  );
  return html`${labelOf(view)}
<select id="${view.name}" name="${view.name}" ${attributes({ ...view.input, ...about(view) })}>
${options}</select>
${problemOf(view)}`;
}

/** A box to tick; it sends `on`. */
export function checkField(view: {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly checked?: boolean;
}): Html {
  const marks = { checked: view.checked === true, 'aria-describedby': view.hint && `${view.name}-hint` };
  return html`<div class="check"><input type="checkbox" id="${view.name}" name="${view.name}" value="on" ${attributes(marks)}>
<label for="${view.name}">${view.label}</label>${view.hint !== undefined && html`<p class="hint" id="${view.name}-hint">${view.hint}</p>`}</div>`;
}

function labelOf({ name, label, optional, hint }: Pick<FieldView, 'name' | 'label' | 'optional' | 'hint'>): Html {
  return html`<label for="${name}">${label}${optional !== undefined && html` <span class="optional">${optional}</span>`}</label>
${hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`}`;
}

function problemOf({ name, problem }: Pick<FieldView, 'name' | 'problem'>): Html | undefined {
  return problem === undefined ? undefined : html`<p class="field-problem" id="${name}-problem">${problem}</p>`;
}

function about({ name, hint, problem }: Pick<FieldView, 'name' | 'hint' | 'problem'>): Readonly<Record<string, AttributeValue>> {
  const ids = [hint === undefined ? undefined : `${name}-hint`, problem === undefined ? undefined : `${name}-problem`];
  const described = ids.filter((id) => id !== undefined).join(' ');
  return {
    'aria-invalid': problem === undefined ? undefined : 'true',
    'aria-describedby': described === '' ? undefined : described,
  };
}
