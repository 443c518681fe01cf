import type { GrantSummary } from '@hufu/protocol/admin/grants';
import type { TokenPiece } from '@hufu/protocol/admin/tokens';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { pathOfGrant } from '../pages/grant-id.ts';
import { GrantState } from '../pages/grant-state.tsx';
import { Moment } from '../parts/moment.tsx';
import { type Fact, Facts } from '../parts/page.tsx';
import { shownPiece } from './pieces.ts';

export type Fit = 'meet' | 'apart' | 'alone';

interface HalvesProps {
  /** `meet`: it would be taken. `alone`: one of them is not here. */
  readonly fit: Fit;
  readonly token: string | undefined;
  readonly pieces: readonly TokenPiece[];
  readonly generation: number | undefined;
  readonly grant: GrantSummary | undefined;
  readonly rowGeneration: number | undefined;
}

/** The tally: what the holder has, and what the row has. */
export function Halves({ fit, token, pieces, generation, grant, rowGeneration }: HalvesProps) {
  const { t } = useTranslation();
  return (
    <div className={`halves ${fit}`} data-testid="halves" data-fit={fit}>
      <section className="half">
        <h3>{t('workbench.holder')}</h3>
        {token === undefined ? (
          <p className="faded">{t('workbench.holderAway')}</p>
        ) : pieces.length === 0 ? (
          <p className="faded">{t('workbench.noPieces')}</p>
        ) : (
          <dl className="pieces">
            {pieces.map((piece) => {
              const { text, isSecret } = shownPiece(piece, token);
              return (
                <div key={piece.from} className={isSecret ? 'piece secret-piece' : 'piece'}>
                  <dt>
                    <strong>{t(`workbench.piece.${wordOf(piece.name)}`)}</strong>{' '}
                    <span className="faded small">{t(`workbench.pieceIs.${wordOf(piece.name)}`)}</span>
                  </dt>
                  <dd>
                    <code>{text}</code>
                  </dd>
                </div>
              );
            })}
          </dl>
        )}
        {generation !== undefined && (
          <p className="small">
            {t('workbench.generation')}: <strong>{generation}</strong>
          </p>
        )}
      </section>
      <div className="seam">
        <Seam />
        <span className="small">{t(`workbench.fit.${fit}`)}</span>
      </div>
      <section className="half">
        <h3>{t('workbench.row')}</h3>
        {grant === undefined ? <p className="faded">{t('workbench.rowAway')}</p> : <Facts facts={rowOf(t, grant, rowGeneration)} />}
      </section>
    </div>
  );
}

function rowOf(
  t: ReturnType<typeof useTranslation>['t'],
  grant: GrantSummary,
  generation: number | undefined,
): readonly (Fact | undefined)[] {
  const id = pathOfGrant(grant.id);
  return [
    {
      name: t('grants.id'),
      value: (
        <Link className="link mono" to="/grants/$id" params={{ id }}>
          {id}
        </Link>
      ),
    },
    { name: t('common.state'), value: <GrantState grant={grant} /> },
    grant.reason === undefined ? undefined : { name: t('grants.reason'), value: <span lang="en">{grant.reason}</span> },
    {
      name: t('grants.client'),
      value: (
        <Link className="link" to="/clients/$id" params={{ id: grant.client_id }}>
          <code>{grant.client_id}</code>
        </Link>
      ),
    },
    { name: t('workbench.subject'), value: grant.sub === undefined ? t('grants.itself') : <code>{grant.sub}</code> },
    { name: t('grants.scopes'), value: <code>{(grant.scopes ?? []).join(' ') || '–'}</code> },
    generation === undefined ? undefined : { name: t('workbench.generation'), value: generation },
    { name: t('grants.given'), value: <Moment at={grant.created_at} /> },
    grant.expires_at === undefined ? undefined : { name: t('grants.ends'), value: <Moment at={grant.expires_at} /> },
    grant.sub === undefined ? undefined : { name: t('workbench.hash'), value: <span className="faded">{t('workbench.hashIs')}</span> },
  ];
}

const WORDS = ['prefix', 'body', 'seal', 'secret', 'derived', 'header', 'claims', 'signature', 'key', 'iv', 'ciphertext', 'tag'] as const;

function wordOf(name: string): (typeof WORDS)[number] {
  return WORDS.find((word) => word === name) ?? 'body';
}

/** The line at which a tally is cut. */
function Seam() {
  return (
    <svg viewBox="0 0 24 120" width="24" height="120" aria-hidden="true" focusable="false">
      <path className="seam-left" d="M9 0v18H3v8h6v12H5v8h4v12H2v8h7v12H4v8h5v34" />
      <path className="seam-right" d="M15 0v18H9v8h6v12h-4v8h4v12H8v8h7v12h-5v8h5v34" />
    </svg>
  );
}
