import { Button, Skeleton, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ReadList } from '../api/read.ts';
import { Problem } from './problem.tsx';

export interface Column<T> {
  readonly label: string;
  readonly cell: (item: T) => ReactNode;
  /** `main`: what a row is called; first on a phone. `acts`: buttons. */
  readonly role?: 'main' | 'acts';
}

interface DataTableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly list: Pick<ReadList<T>, 'items' | 'error'> & Partial<ReadList<T>>;
  readonly keyOf: (item: T) => string;
  readonly empty: ReactNode;
}

const PLACEHOLDERS = [0, 1, 2, 3, 4];

/** A list: as a table, and as cards where there is no room for one. */
export function DataTable<T>({ label, columns, list, keyOf, empty }: DataTableProps<T>) {
  const { t } = useTranslation();
  const { items, error } = list;
  if (items === undefined && error !== null) return <Problem error={error} {...(list.retry !== undefined && { retry: list.retry })} />;
  if (items?.length === 0) return <div className="table-wrap">{empty}</div>;
  return (
    <div className="table-wrap" aria-busy={items === undefined}>
      <table className="list" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.label} scope="col">
                {column.role === 'acts' ? <VisuallyHidden>{column.label}</VisuallyHidden> : column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items === undefined
            ? PLACEHOLDERS.map((row) => (
                <tr key={row}>
                  {columns.map((column) => (
                    <td key={column.label} data-label={column.label}>
                      <Skeleton height={14} my={4} width={column.role === 'main' ? '60%' : '40%'} />
                    </td>
                  ))}
                </tr>
              ))
            : items.map((item) => (
                <tr key={keyOf(item)}>
                  {columns.map((column) => (
                    <td
                      key={column.label}
                      data-label={column.label}
                      className={column.role === 'main' ? 'main-cell' : column.role === 'acts' ? 'acts' : undefined}
                    >
                      <div>{column.cell(item)}</div>
                    </td>
                  ))}
                </tr>
              ))}
        </tbody>
      </table>
      {list.hasMore === true && (
        <div className="more">
          <Button variant="default" size="xs" loading={list.isLoadingMore === true} onClick={() => list.loadMore?.()}>
            {t('common.more')}
          </Button>
        </div>
      )}
    </div>
  );
}
