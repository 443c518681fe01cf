import type { ProblemPart } from '@hufu/protocol/admin/problem';
import { Textarea } from '@mantine/core';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { placeInJson } from './place-in-json.ts';

interface JsonEditorProps {
  readonly label: string;
  readonly text: string;
  readonly parts: readonly ProblemPart[];
  readonly fault: string | undefined;
  readonly isFixed: boolean;
  readonly onChange: (text: string) => void;
}

/** All of it as text. A fault is told with its line, and leads there. */
export function JsonEditor({ label, text, parts, fault, isFixed, onChange }: JsonEditorProps) {
  const { t } = useTranslation();
  const field = useRef<HTMLTextAreaElement>(null);
  const lead = (pointer: string): void => {
    const { from, to, line } = placeInJson(text, pointer);
    const area = field.current;
    if (area === null) return;
    area.focus();
    area.setSelectionRange(from, to);
    // A field does not scroll to its selection by itself.
    area.scrollTop = Math.max(0, (area.scrollHeight * (line - 3)) / text.split('\n').length);
  };
  return (
    <div className="stack">
      <Textarea
        ref={field}
        label={label}
        value={text}
        readOnly={isFixed}
        error={fault}
        onChange={(event) => onChange(event.currentTarget.value)}
        autosize
        minRows={12}
        maxRows={32}
        spellCheck={false}
        autoComplete="off"
        classNames={{ input: 'code-field' }}
      />
      {fault === undefined && parts.length > 0 && (
        <ul className="faults" aria-label={t('edit.faults')}>
          {parts.map(({ pointer, detail }) => (
            <li key={pointer + detail}>
              <button type="button" onClick={() => lead(pointer)}>
                {t('edit.line', { line: placeInJson(text, pointer).line })}
              </button>{' '}
              <code>{pointer === '' ? '/' : pointer}</code> <span lang="en">{detail}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
