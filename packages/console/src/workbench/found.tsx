import type { TokenInspection } from '@hufu/protocol/admin/tokens';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { pathOfGrant } from '../pages/grant-id.ts';
import { LineageSheet } from '../pages/lineage-sheet.tsx';
import { Checks } from '../parts/checks.tsx';
import { Json } from '../parts/json.tsx';
import { Moment } from '../parts/moment.tsx';
import { Facts, Sheet, State } from '../parts/page.tsx';
import { type Fit, Halves } from './halves.tsx';

/** A token that was looked at, and what was asked about it. In memory, and nowhere else. */
export interface Look {
  readonly token: string;
  readonly resource: string;
  readonly scope: string;
  readonly found: TokenInspection;
}

/** What a token is, and whether it would be taken. */
export function Found({ look: { token, resource, scope, found } }: { readonly look: Look }) {
  const { t } = useTranslation();
  const { kind, accepted, checks, header, claims, grant } = found;
  const reason = checks.find(({ outcome }) => outcome === 'failed');
  return (
    <div className="stack" data-testid="found">
      <Sheet title={t(`workbench.kind.${kind}`)}>
        <p className="verdict" role="status">
          <State mood={accepted ? 'good' : 'bad'}>
            {t(accepted ? (resource === '' ? 'workbench.taken' : 'workbench.takenBy') : 'workbench.refused', { resource })}
          </State>
        </p>
        {!accepted && reason !== undefined && (
          <p className="faded" lang="en">
            {reason.detail ?? reason.title}
          </p>
        )}
        <Facts facts={factsOf(t, found, scope)} />
      </Sheet>
      <Sheet title={t('workbench.halves')}>
        <Halves
          fit={fitOf(found)}
          token={token}
          pieces={found.parts}
          generation={found.generation}
          grant={grant}
          rowGeneration={found.row_generation}
        />
      </Sheet>
      <Sheet title={t('workbench.checks')}>
        <Checks checks={checks} />
      </Sheet>
      {header !== undefined && claims !== undefined && (
        <Sheet title={t('workbench.decoded')}>
          {found.signature !== 'good' && <p className="notice">{t('workbench.unsigned')}</p>}
          <div className="decoded">
            <Decoded label={t('workbench.piece.header')} value={header} />
            <Decoded label={t('workbench.piece.claims')} value={claims} />
          </div>
        </Sheet>
      )}
      {grant !== undefined && <LineageSheet id={pathOfGrant(grant.id)} />}
    </div>
  );
}

function Decoded({ label, value }: { readonly label: string; readonly value: unknown }) {
  return (
    <div>
      <h3>{label}</h3>
      <Json value={value} label={label} />
    </div>
  );
}

function factsOf(t: TFunction, found: TokenInspection, scope: string) {
  const { client_id, resource, scopes, issued_at, expires_at, cnf, form, signature } = found;
  return [
    { name: t('workbench.form'), value: t(`workbench.forms.${form}`) },
    signature === undefined ? undefined : { name: t('workbench.piece.signature'), value: t(`workbench.signature.${signature}`) },
    client_id === undefined ? undefined : { name: t('workbench.issuedTo'), value: <code>{client_id}</code> },
    resource === undefined ? undefined : { name: t('workbench.for'), value: <code>{resource}</code> },
    scopes === undefined ? undefined : { name: t('grants.scopes'), value: <code>{scopes.join(' ') || '–'}</code> },
    scope === '' ? undefined : { name: t('workbench.scopeAsked'), value: <code>{scope}</code> },
    issued_at === undefined ? undefined : { name: t('workbench.issued'), value: <Moment at={issued_at} /> },
    expires_at === undefined ? undefined : { name: t('grants.ends'), value: <Moment at={expires_at} /> },
    cnf === undefined
      ? undefined
      : {
          name: t('workbench.bound'),
          value: (
            <>
              <code>{JSON.stringify(cnf)}</code> <span className="faded">{t('workbench.boundIs')}</span>
            </>
          ),
        },
  ];
}

function fitOf({ accepted, grant }: TokenInspection): Fit {
  if (accepted) return 'meet';
  return grant === undefined ? 'alone' : 'apart';
}
