import type { LimitView } from '@hufu/protocol/admin/limits';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Bar, BarChart, CartesianGrid, ResponsiveContainer, XAxis, YAxis } from 'recharts';
import { refusedOf } from './limit-counts.ts';

const MOST = 60;

interface Point {
  readonly at: string;
  readonly refused: number;
}

/** How many requests limits have turned away between one look and the next. */
export function RefusedChart({ limits, label }: { readonly limits: readonly LimitView[]; readonly label: string }) {
  const { i18n } = useTranslation();
  const last = useRef<number>(undefined);
  const [points, setPoints] = useState<readonly Point[]>([]);
  useEffect(() => {
    const total = limits.reduce((sum, { counts }) => sum + refusedOf(counts), 0);
    const refused = last.current === undefined ? 0 : Math.max(0, total - last.current);
    last.current = total;
    const at = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'medium' }).format();
    setPoints((before) => [...before, { at, refused }].slice(-MOST));
  }, [limits, i18n.language]);
  return (
    <div role="img" aria-label={`${label}: ${points.reduce((sum, { refused }) => sum + refused, 0)}`}>
      <ResponsiveContainer width="100%" height={160}>
        <BarChart data={[...points]} margin={{ left: -24, right: 4, top: 4, bottom: 0 }} accessibilityLayer={false}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis dataKey="at" tick={{ fill: 'var(--faded)', fontSize: 12 }} stroke="var(--line)" minTickGap={48} />
          <YAxis allowDecimals={false} tick={{ fill: 'var(--faded)', fontSize: 12 }} stroke="var(--line)" domain={[0, 'auto']} />
          <Bar dataKey="refused" fill="var(--bronze)" isAnimationActive={false} />
        </BarChart>
      </ResponsiveContainer>
    </div>
  );
}
