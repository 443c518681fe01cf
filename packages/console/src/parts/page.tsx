import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';

interface PageProps {
  /** `data-page`, as programs that drive the console find it. */
  readonly id: string;
  readonly title: string;
  readonly lead?: ReactNode;
  /** The way back. */
  readonly crumb?: ReactNode;
  readonly acts?: ReactNode;
  readonly children: ReactNode;
}

/** One page: its name, what it is about, what can be done, and the rest. */
export function Page({ id, title, lead, crumb, acts, children }: PageProps) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · ${t('product')}`;
    document.body.dataset['page'] = `console-${id}`;
  }, [id, title, t]);
  return (
    <div className="page">
      <div className="page-head">
        <div>
          {crumb !== undefined && <p className="crumb">{crumb}</p>}
          <h1>{title}</h1>
          {lead !== undefined && <p className="lead">{lead}</p>}
        </div>
        {acts !== undefined && <div className="page-acts">{acts}</div>}
      </div>
      {children}
    </div>
  );
}

/** A part of a page. */
export function Sheet({ title, aside, children }: { readonly title?: string; readonly aside?: ReactNode; readonly children: ReactNode }) {
  return (
    <section className="sheet">
      {title !== undefined && (
        <div className="sheet-head">
          <h2>{title}</h2>
          {aside}
        </div>
      )}
      {children}
    </section>
  );
}

/** Nothing is there: what would be, and how it comes to be. */
export function Empty({ title, text, act }: { readonly title: string; readonly text: string; readonly act?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      <p>{text}</p>
      {act}
    </div>
  );
}

export interface Fact {
  readonly name: string;
  readonly value: ReactNode;
}

/** Names and values. */
export function Facts({ facts }: { readonly facts: readonly (Fact | undefined)[] }) {
  return (
    <dl className="facts">
      {facts.map(
        (fact) =>
          fact !== undefined && (
            <div key={fact.name} style={{ display: 'contents' }}>
              <dt>{fact.name}</dt>
              <dd>{fact.value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

export type Mood = 'good' | 'bad' | 'wait' | 'still';

/** A state, by a word and a colour: never by the colour alone. */
export function State({ mood, children }: { readonly mood: Mood; readonly children: ReactNode }) {
  return <span className={`state ${mood}`}>{children}</span>;
}
