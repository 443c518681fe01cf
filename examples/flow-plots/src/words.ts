/** The page's words, in both languages. */
import type { NumberName } from './choices.ts';
import type { Kind } from './rules.ts';
import type { Shape } from './traffic.ts';

export type Language = 'en' | 'zh';

export interface Words {
  readonly htmlLang: string;
  readonly title: string;
  readonly lead: string;
  readonly other: string;
  readonly groups: Readonly<Record<'limit' | 'traffic' | 'algorithms', string>>;
  readonly fields: Readonly<Record<NumberName | 'shape' | 'keys', string>>;
  readonly units: Readonly<Partial<Record<NumberName, string>>>;
  readonly shapes: Readonly<Record<Shape, string>>;
  readonly keys: Readonly<Record<'apart' | 'one', string>>;
  readonly kinds: Readonly<Record<Kind, readonly [name: string, says: string]>>;
  readonly numbers: Readonly<Record<'requests' | 'allowed' | 'refused' | 'wait', string>>;
  readonly legend: Readonly<Record<'allowed' | 'first' | 'second' | 'refused' | 'rate', string>>;
  readonly none: string;
  readonly noBound: string;
  readonly flaw: string;
  readonly spans: string;
  readonly note: string;
  readonly atMost: string;
  readonly seen: string;
  readonly comes: string;
  readonly goesOn: string;
  worst(span: string): string;
  of(seen: number, bound: number): string;
  duration(ms: number): string;
  told(name: string, requests: number, allowed: number, refused: number): string;
}

const EN: Words = {
  htmlLang: 'en',
  title: 'What is let through',
  lead: 'One limit in the words of each algorithm, and the same requests before all of them. Every decision is made in this page by the library itself.',
  other: '中文',
  groups: { limit: 'The limit', traffic: 'The requests', algorithms: 'Algorithms' },
  fields: {
    limit: 'Limit',
    periodMs: 'Period',
    burst: 'Burst',
    maxQueueMs: 'Longest queue',
    warmUpMs: 'Warm-up',
    rate: 'Average rate',
    seconds: 'For',
    seed: 'Seed',
    shape: 'Shape',
    keys: 'Keys',
  },
  units: { periodMs: 'ms', maxQueueMs: 'ms', warmUpMs: 'ms', rate: '/ s', seconds: 's' },
  shapes: {
    steady: 'steady',
    bursts: 'bursts around the ends of windows',
    on_off: 'on and off, two seconds each',
    ramp: 'a ramp from nothing to twice the rate',
    poisson: 'by chance (Poisson)',
    two_clients: 'two clients, one of which floods',
  },
  keys: { apart: 'each client its own', one: 'one for both' },
  kinds: {
    fixed_window: ['Fixed window', 'Counts anew in each window: around the end of one, twice the limit gets through.'],
    sliding_counter: ['Sliding counter', 'Takes what came in the window before to have come evenly. Three numbers a key.'],
    sliding_log: ['Sliding log', 'Remembers each take: no span as long as the period ever sees more than the limit.'],
    token_bucket: ['Token bucket', 'Filled in batches: a whole limit falls in at the end of each period.'],
    gcra: ['GCRA', 'A bucket that leaks evenly: the burst at once, and then as fast as it leaks. The one to begin with.'],
    leaky_bucket: ['Leaky bucket', 'Delays instead of refusing: requests go on one after the other, evenly.'],
    warm_up: ['Warm-up', 'A GCRA that begins at a third of the rate, and is as fast as it may be after use.'],
    warm_up_pacing: ['Warm-up with pacing', 'One after the other, slowly while it is cold.'],
    sentinel_warm_up: ['Sentinel warm-up', 'The classic curve to the digit, for who moves from Sentinel.'],
  },
  numbers: { requests: 'requests', allowed: 'let through', refused: 'refused', wait: 'longest wait' },
  legend: { allowed: 'let through', first: 'calm client', second: 'flooding client', refused: 'refused', rate: 'the limit as a rate' },
  none: 'No algorithm is chosen.',
  noBound: 'no bound is stated',
  flaw: 'The library refuses this rule:',
  spans: 'Most in a span so long',
  note: 'Not drawn: a quota is a fixed window cut by a calendar; concurrency, adaptive limits and breakers go by what is served, not by time.',
  atMost: 'bound',
  seen: 'seen',
  comes: 'comes',
  goesOn: 'goes on',
  worst: (span) => `most in ${span}`,
  of: (seen, bound) => `${seen}, bound ${bound}`,
  duration: (ms) => (ms >= 1000 && ms % 100 === 0 ? `${ms / 1000} s` : `${ms} ms`),
  told: (name, requests, allowed, refused) => `${name}: ${requests} requests over time; ${allowed} let through, ${refused} refused`,
};

const ZH: Words = {
  htmlLang: 'zh-CN',
  title: '放行了什么',
  lead: '同一个限额，换成每种算法的说法；同一批请求，从它们面前依次走过。每个判断都由这个库在本页里当场作出。',
  other: 'English',
  groups: { limit: '限额', traffic: '请求', algorithms: '算法' },
  fields: {
    limit: '上限',
    periodMs: '周期',
    burst: '突发',
    maxQueueMs: '最长排队',
    warmUpMs: '预热',
    rate: '平均速率',
    seconds: '时长',
    seed: '随机种子',
    shape: '流量形状',
    keys: '计数',
  },
  units: { periodMs: '毫秒', maxQueueMs: '毫秒', warmUpMs: '毫秒', rate: '/ 秒', seconds: '秒' },
  shapes: {
    steady: '均匀',
    bursts: '在窗口交界处成批到来',
    on_off: '来两秒，停两秒',
    ramp: '从零渐增到两倍速率',
    poisson: '随机（泊松）',
    two_clients: '两个客户端，其中一个猛刷',
  },
  keys: { apart: '各算各的', one: '合在一起算' },
  kinds: {
    fixed_window: ['固定窗口', '每个窗口从头数起：在两个窗口交界处，可以放过两倍的量。'],
    sliding_counter: ['滑动计数', '把上一个窗口的请求当作均匀到来的来折算。每个键只记三个数。'],
    sliding_log: ['滑动日志', '每次放行都记下时刻：任何一段与周期等长的时间里，都不会超过上限。'],
    token_bucket: ['令牌桶', '成批补充：每个周期结束时，一次落入整份上限。'],
    gcra: ['GCRA', '匀速漏水的桶：突发之内立即放行，此后漏多少放多少。不知道选哪种，就先用它。'],
    leaky_bucket: ['漏桶', '不拒绝，而是让请求等一等：一个接一个，匀速通过。'],
    warm_up: ['预热', '从三分之一的速率起步的 GCRA，用着用着才升到全速。'],
    warm_up_pacing: ['预热排队', '一个接一个地通过，冷的时候走得慢。'],
    sentinel_warm_up: ['Sentinel 预热', '与经典曲线分毫不差，供从 Sentinel 迁来的人使用。'],
  },
  numbers: { requests: '请求', allowed: '放行', refused: '拒绝', wait: '最长等待' },
  legend: { allowed: '放行', first: '平稳的客户端', second: '猛刷的客户端', refused: '拒绝', rate: '限额折成的速率' },
  none: '还没有选算法。',
  noBound: '没有给出上界',
  flaw: '这条规则被库拒绝：',
  spans: '任意一段这么长的时间里，最多放行',
  note: '没有画出的：配额就是按日历切分的固定窗口；并发、自适应限流和熔断看的是服务情况，而不是时间。',
  atMost: '上界',
  seen: '实际',
  comes: '到来',
  goesOn: '放行',
  worst: (span) => `${span}内最多`,
  of: (seen, bound) => `${seen}，上界 ${bound}`,
  duration: (ms) => (ms >= 1000 && ms % 100 === 0 ? `${ms / 1000} 秒` : `${ms} 毫秒`),
  told: (name, requests, allowed, refused) => `${name}：${requests} 个请求随时间的分布，放行 ${allowed} 个，拒绝 ${refused} 个`,
};

export function wordsOf(language: Language): Words {
  return language === 'zh' ? ZH : EN;
}
