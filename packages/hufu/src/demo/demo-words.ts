import type { Locale } from '@hufu/protocol/locale';

/** The demo's words in one language. `{…}` is filled in by the script. */
export interface DemoWords {
  readonly name: string;
  readonly tagline: string;
  readonly signedOut: {
    readonly lead: string;
    readonly how: string;
    readonly signIn: string;
    readonly account: string;
    readonly username: string;
    readonly password: string;
    readonly needsScript: string;
  };
  readonly busy: string;
  readonly signedIn: {
    readonly heading: string;
    readonly lead: string;
    readonly call: string;
    readonly refresh: string;
    readonly signOut: string;
    readonly ours: string;
    readonly oursMeaning: string;
    readonly theirs: string;
    readonly theirsMeaning: string;
    readonly notes: string;
    readonly newNote: string;
    readonly write: string;
    readonly saw: string;
    readonly requests: string;
  };
  /** What the script says. */
  readonly script: ScriptWords;
}

/** Flat, because it travels in an attribute. */
export interface ScriptWords {
  readonly accessToken: string;
  readonly accessTokenMeaning: string;
  readonly idToken: string;
  readonly idTokenMeaning: string;
  readonly refreshToken: string;
  readonly refreshTokenMeaning: string;
  readonly header: string;
  readonly claims: string;
  readonly raw: string;
  readonly reveal: string;
  readonly hide: string;
  readonly notYet: string;
  readonly by: string;
  readonly you: string;
  readonly refreshed: string;
  readonly signedOut: string;
  readonly failedState: string;
  readonly failedIssuer: string;
  readonly failedAnswer: string;
  readonly failedIdToken: string;
  readonly failedNetwork: string;
  readonly failedRefused: string;
  readonly failedEnded: string;
  readonly saidNo: string;
  readonly alg: string;
  readonly typ: string;
  readonly kid: string;
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly client_id: string;
  readonly scope: string;
  readonly jti: string;
  readonly iat: string;
  readonly exp: string;
  readonly auth_time: string;
  readonly amr: string;
  readonly nonce: string;
  readonly at_hash: string;
  readonly sid: string;
}

const en: DemoWords = {
  name: 'Tiger Notes',
  tagline: 'A demo app for Hufu',
  signedOut: {
    lead: 'A shared notebook, to see Hufu at work.',
    how: 'This app never sees your password and has no secret of its own. Hufu signs you in and sends you back with a code; the app turns the code into tokens and shows one of them to the notes API.',
    signIn: 'Sign in with Hufu',
    account: 'The demo account',
    username: 'Username',
    password: 'Password',
    needsScript: 'Tiger Notes is a program that runs in the browser, so it needs JavaScript. The pages of Hufu do not.',
  },
  busy: 'Turning the code into tokens …',
  signedIn: {
    heading: 'Signed in as {name}',
    lead: 'Read the notes, refresh the tokens, sign out; and see at each step what either side knows.',
    call: 'Read the notes',
    refresh: 'Refresh',
    signOut: 'Sign out',
    ours: 'What the app holds',
    oursMeaning: 'Three tokens, kept in this tab alone.',
    theirs: 'What the API sees',
    theirsMeaning: 'One of the tokens, with each request: the access token.',
    notes: 'Notes',
    newNote: 'New note',
    write: 'Write',
    saw: 'Read out of the access token',
    requests: 'Requests of this page',
  },
  script: {
    accessToken: 'Access token',
    accessTokenMeaning: 'Shown to the API with each request. The API checks it by itself, with the public keys of Hufu.',
    idToken: 'ID token',
    idTokenMeaning: 'Says who signed in, when and how. It is meant for this app and is never sent to an API.',
    refreshToken: 'Refresh token',
    refreshTokenMeaning: 'Brings new tokens without asking you again. Each use replaces it; if an old one turns up later, the grant ends.',
    header: 'Header',
    claims: 'Claims',
    raw: 'As it is sent',
    reveal: 'Reveal',
    hide: 'Hide',
    notYet: 'Not read yet.',
    by: 'by {by}, {time}',
    you: 'you',
    refreshed: 'Refreshed at {time}: new tokens, the same grant.',
    signedOut: 'Signed out. The refresh token was revoked, and nothing is left in this tab.',
    failedState: 'This answer belongs to no sign-in that this tab has begun (state). Nothing was sent. Please start again.',
    failedIssuer: 'The answer names another issuer than the one that was asked (iss). Nothing was sent. Please start again.',
    failedAnswer: 'The answer of the server could not be read. Please start again.',
    failedIdToken: 'The ID token does not fit this sign-in ({detail}), and the tokens were dropped. Please start again.',
    failedNetwork: 'The server could not be reached. Nothing is lost: try again in a moment.',
    failedRefused: 'Hufu refused: {detail}',
    failedEnded: 'The session is over: Hufu no longer takes the refresh token. Please sign in again.',
    saidNo: 'You said no, so the app has no access. You can start again at any time.',
    alg: 'Algorithm of the signature',
    typ: 'Type of the token',
    kid: 'Key that signed it',
    iss: 'Issuer: who made it',
    aud: 'Audience: who it is for',
    sub: 'Subject: whom it is about',
    client_id: 'The app it was issued to',
    scope: 'What it allows',
    jti: 'Identifier of this token',
    iat: 'Issued at',
    exp: 'Expires at',
    auth_time: 'When the person signed in',
    amr: 'How the person signed in',
    nonce: 'Ties it to the request of this browser',
    at_hash: 'Ties it to the access token beside it',
    sid: 'The session at Hufu',
  },
};

const zhCn: DemoWords = {
  name: '虎记',
  tagline: 'Hufu 的演示应用',
  signedOut: {
    lead: '一本共用的小记事本，看 Hufu 如何运作。',
    how: '这个应用看不到你的密码，自己也不保管任何密钥。登录由 Hufu 完成，再把你连同一个授权码送回来；应用用它换取令牌，并向笔记接口出示其中一枚。',
    signIn: '使用 Hufu 登录',
    account: '演示账号',
    username: '用户名',
    password: '密码',
    needsScript: '虎记是在浏览器里运行的程序，需要启用 JavaScript。Hufu 自己的页面则不需要。',
  },
  busy: '正在用授权码换取令牌……',
  signedIn: {
    heading: '{name}，已登录',
    lead: '读一读笔记，换一次令牌，再退出登录；每走一步，都看看双方各自知道什么。',
    call: '读取笔记',
    refresh: '刷新',
    signOut: '退出登录',
    ours: '应用持有什么',
    oursMeaning: '三枚令牌，只存放在当前标签页。',
    theirs: '接口看到什么',
    theirsMeaning: '每次请求只带来其中一枚：访问令牌。',
    notes: '笔记',
    newNote: '新笔记',
    write: '写下',
    saw: '从访问令牌里读到的',
    requests: '本页发出的请求',
  },
  script: {
    accessToken: '访问令牌',
    accessTokenMeaning: '每次请求都向接口出示。接口凭 Hufu 的公钥自行验证，不必再问别人。',
    idToken: 'ID 令牌',
    idTokenMeaning: '说明是谁、何时、以何种方式登录。只给本应用看，从不发给接口。',
    refreshToken: '刷新令牌',
    refreshTokenMeaning: '无需再打扰你即可换取新令牌。每用一次就换成新的；旧的日后若再出现，整个授权随即终止。',
    header: '头部',
    claims: '声明',
    raw: '传输时的原文',
    reveal: '显示',
    hide: '隐藏',
    notYet: '还没有读取。',
    by: '{by}，{time}',
    you: '你',
    refreshed: '已于 {time} 刷新：令牌是新的，授权还是同一份。',
    signedOut: '已退出登录。刷新令牌已撤销，当前标签页里不再留有任何内容。',
    failedState: '这个答复不属于当前标签页发起的任何一次登录（state）。没有发送任何内容，请重新开始。',
    failedIssuer: '答复所称的签发者不是当初询问的那一个（iss）。没有发送任何内容，请重新开始。',
    failedAnswer: '无法读懂服务器的答复，请重新开始。',
    failedIdToken: 'ID 令牌与这次登录不符（{detail}），令牌已丢弃。请重新开始。',
    failedNetwork: '暂时无法连接服务器。什么都没有丢失，请稍后再试。',
    failedRefused: 'Hufu 拒绝了请求：{detail}',
    failedEnded: '会话已结束：Hufu 不再接受这枚刷新令牌。请重新登录。',
    saidNo: '你选择了拒绝，应用没有得到任何权限。随时可以重新开始。',
    alg: '签名算法',
    typ: '令牌类型',
    kid: '签名所用的密钥',
    iss: '签发者：由谁签发',
    aud: '受众：给谁使用',
    sub: '主体：关于谁',
    client_id: '签发给哪个应用',
    scope: '允许做什么',
    jti: '这枚令牌的编号',
    iat: '签发时间',
    exp: '到期时间',
    auth_time: '用户登录的时间',
    amr: '用户登录的方式',
    nonce: '与本浏览器的请求相对应',
    at_hash: '与同来的访问令牌相对应',
    sid: '在 Hufu 的会话',
  },
};

const WORDS: Readonly<Record<Locale, DemoWords>> = { en, 'zh-CN': zhCn };

export function demoWords(locale: Locale): DemoWords {
  return WORDS[locale];
}
