import { VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { type Change, itemsBetween } from './diff.ts';

/** What will be another, member by member. */
export function DiffView({ changes }: { readonly changes: readonly Change[] }) {
  const { t } = useTranslation();
  if (changes.length === 0) return <p className="faded">{t('edit.nothing')}</p>;
  return (
    <dl className="diff" data-testid="diff">
      {changes.map((change) => (
        <div key={change.path.join('\n')}>
          <dt>
            <code>{change.path.join('.')}</code>
          </dt>
          <dd>
            <Lines change={change} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Lines({ change: { before, after } }: { readonly change: Change }) {
  const { t } = useTranslation();
  const isList = Array.isArray(before) || Array.isArray(after);
  const { added, removed } = isList
    ? itemsBetween(listed(before), listed(after))
    : { added: after === undefined ? [] : [after], removed: before === undefined ? [] : [before] };
  if (isList && added.length + removed.length === 0) return <p className="faded">{t('edit.order')}</p>;
  return (
    <>
      {removed.map((item) => (
        <del key={textOf(item)}>
          <VisuallyHidden>{t('edit.removed')} </VisuallyHidden>
          {textOf(item)}
        </del>
      ))}
      {added.map((item) => (
        <ins key={textOf(item)}>
          <VisuallyHidden>{t('edit.added')} </VisuallyHidden>
          {textOf(item)}
        </ins>
      ))}
    </>
  );
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
}
