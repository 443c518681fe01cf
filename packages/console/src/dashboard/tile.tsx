import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Search } from '../parts/filters.tsx';
import { Sheet } from '../parts/page.tsx';

interface TileProps {
  /** Where a link may lead. */
  readonly id?: string;
  readonly title: string;
  /** The list that its numbers come from. */
  readonly to?: string;
  readonly search?: Search;
  readonly children: ReactNode;
}

/** A part of the dashboard, with the way to what its numbers are made of. */
export function Tile({ id, title, to, search, children }: TileProps) {
  const { t } = useTranslation();
  const sheet = (
    <Sheet
      title={title}
      aside={
        to !== undefined && (
          <Link className="link small" to={to} {...(search !== undefined && { search })} aria-label={`${title}: ${t('dashboard.all')}`}>
            {t('dashboard.all')}
          </Link>
        )
      }
    >
      {children}
    </Sheet>
  );
  return id === undefined ? sheet : <div id={id}>{sheet}</div>;
}

interface BarListProps {
  readonly rows: readonly { readonly name: string; readonly total: number; readonly to?: string; readonly search?: Search }[];
  readonly write: (value: number) => string;
  readonly look?: 'accent' | 'bronze';
}

/** Names with their numbers, and how much each is of the largest. */
export function BarList({ rows, write, look = 'bronze' }: BarListProps) {
  const most = Math.max(...rows.map(({ total }) => total), 1);
  return (
    <ul className="bars">
      {rows.map(({ name, total, to, search }) => (
        <li key={name}>
          {to === undefined ? (
            <span>{name}</span>
          ) : (
            <Link className="link" to={to} {...(search !== undefined && { search })}>
              <code>{name}</code>
            </Link>
          )}
          <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
            <rect className={look} width={(total / most) * 100} height="8" />
          </svg>
          <span>{write(total)}</span>
        </li>
      ))}
    </ul>
  );
}

/** Nothing was counted: what would be, and how it comes to be. */
export function Nothing({ children }: { readonly children: ReactNode }) {
  return <p className="nothing faded">{children}</p>;
}
