import type { GrantSummary, Lineage } from '@hufu/protocol/admin/grants';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useScrolledTo } from '../parts/use-scrolled-to.ts';
import { pathOfGrant } from './grant-id.ts';
import { type Placed, placeTree } from './place-tree.ts';

const WIDTH = 210;
const HEIGHT = 46;
const GAP_X = 48;
const GAP_Y = 14;

/** Grants and what came of them, from left to right. Each is a link; lists of a screen reader read it in the order of the tree. */
export function LineageTree({ lineage, label }: { readonly lineage: Lineage; readonly label: string }) {
  const { t } = useTranslation();
  const wrap = useScrolledTo<HTMLDivElement>('.here', lineage.grant.id);
  const { nodes, columns, rows } = placeTree(lineage);
  const width = columns * (WIDTH + GAP_X) - GAP_X + 4;
  const height = rows * (HEIGHT + GAP_Y) - GAP_Y + 4;
  const at = ({ column, row }: Placed): { readonly x: number; readonly y: number } => ({
    x: 2 + column * (WIDTH + GAP_X),
    y: 2 + row * (HEIGHT + GAP_Y),
  });
  return (
    <div className="graph-wrap" ref={wrap}>
      <svg
        className="lineage"
        viewBox={`0 0 ${width} ${height}`}
        style={{ minWidth: Math.min(width, 560), maxWidth: width }}
        role="group"
        aria-label={label}
      >
        {nodes.map((node) => {
          if (node.parent === undefined) return null;
          const from = at(node.parent);
          const to = at(node);
          const [x, y, middle] = [from.x + WIDTH, from.y + HEIGHT / 2, (from.x + WIDTH + to.x) / 2];
          return (
            <path
              key={node.grant.id}
              d={`M${x} ${y}C${middle} ${y} ${middle} ${to.y + HEIGHT / 2} ${to.x} ${to.y + HEIGHT / 2}`}
              aria-hidden="true"
            />
          );
        })}
        {nodes.map((node) => {
          const { x, y } = at(node);
          const { grant } = node;
          const isHere = grant.id === lineage.grant.id;
          return (
            <Link key={grant.id} to="/grants/$id" params={{ id: pathOfGrant(grant.id) }} aria-current={isHere ? 'page' : undefined}>
              <g className={`${isHere ? 'here' : ''} ${isEnded(grant) ? 'ended' : ''}`}>
                <rect x={x} y={y} width={WIDTH} height={HEIGHT} rx="4" />
                <text x={x + 12} y={y + 19}>
                  {short(grant.client_id)}
                </text>{' '}
                <text x={x + 12} y={y + 36} className="small-text">
                  {pathOfGrant(grant.id)} · {t(`grants.states.${grant.state}`)}
                </text>
              </g>
            </Link>
          );
        })}
      </svg>
    </div>
  );
}

function isEnded({ state }: GrantSummary): boolean {
  return state === 'dead' || state === 'expired';
}

function short(text: string): string {
  return text.length > 26 ? `${text.slice(0, 25)}…` : text;
}
