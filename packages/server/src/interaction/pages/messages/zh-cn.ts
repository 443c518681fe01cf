import { html } from '../html.ts';
import { largestUnit } from '../largest-unit.ts';
import { accountZhCn } from './account-zh-cn.ts';
import { BOT_CHECK_ZH_CN } from './bot-check.ts';
import { devicesZhCn } from './devices-zh-cn.ts';
import type { Messages } from './messages.ts';
import { verifyZhCn } from './verify-zh-cn.ts';
import { zhCnMail } from './zh-cn-mail.ts';

const TELL_THE_APP = '请回到应用再试一次。如果又看到本页，请联系应用的运营方，并提供下面的判定编号。';
const START_AGAIN = '请回到应用，从那里重新开始。';

const UNITS = { day: '天', hour: '小时', minute: '分钟', second: '秒' } as const;

/** Between Chinese and letters of another script there is a space. */
function spaced(name: string): string {
  return `${/^[!-~]/.test(name) ? ' ' : ''}${name}${/[!-~]$/.test(name) ? ' ' : ''}`;
}

function duration(seconds: number): string {
  const { count, unit } = largestUnit(seconds);
  return `${count} ${UNITS[unit]}`;
}

/** Simplified Chinese, written for its readers and not along the English. */
export const zhCn: Messages = {
  languageName: '简体中文',
  languages: '语言',
  productName: '虎符',
  duration,
  aside: (words) => html`（${words}）`,

  client: {
    privacyPolicy: '隐私政策',
    termsOfService: '服务条款',
    support: '帮助',
    hostMeaning: '完成后会把你送回这个地址（redirect URI，回调地址）',
    idMeaning: '应用注册时的标识（client id）',
    onThisDevice: '本机应用',
  },
  signIn: {
    heading: '登录',
    continueTo: '登录后前往',
    username: '用户名',
    password: '密码',
    submit: '登录',
    cancel: '取消',
    titleProblem: '未能登录',
    wrongCredentials: '用户名或密码不正确，请核对后重试。',
    slowedDown: (seconds) => `尝试次数过多，请等 ${duration(seconds)}后再试。`,
    noAccount: '还没有账号？',
    createAccount: '注册账号',
    or: '或',
    withUpstream: (name) => `使用${spaced(name)}登录`,
    tooLongForUpstream: '这次不能用其他服务登录：应用的请求太长，无法带到那里再带回来。',
  },
  upstreamReturn: {
    heading: '正在登录',
    explain: '对方服务已经答复，本页正在转交。',
    submit: '继续',
  },
  verify: verifyZhCn,
  devices: devicesZhCn,
  passkeys: {
    use: '用通行密钥登录',
    show: '使用通行密钥',
    create: '创建通行密钥',
    name: '通行密钥的名称',
    nameHint: '方便你和其他通行密钥区分。',
    cancelled: '没有登录：操作被取消或已超时，也可能这里没有本网站的通行密钥。可以重试，或换一种方式登录。',
    notCreated: '没有创建通行密钥：操作被取消或已超时。准备好后可以再试一次。',
    unsupported: '这个浏览器在这里用不了通行密钥。请换一个浏览器，或换一种方式。',
    needsScript: '通行密钥需要 JavaScript，而这个浏览器已将它关闭。',
    failed: '通行密钥没能使用。请刷新本页后再试。',
    problems: {
      expired: '用时过长，或者重复提交了。请再试一次。',
      wrong_site: '这个通行密钥不是在本网站的地址上使用的。请核对本页的网址。',
      unverified: '你的设备没有验证是你本人。请先在设备上设置 PIN、指纹或面容识别，然后重试。',
      not_found: '这个通行密钥在这里不可用，或者已经失效。请换一个，或换一种方式登录。',
      copied: '这个通行密钥可能被复制过，因此没有接受。请换一种方式登录，然后在账号里删除它并重新创建。',
      already_there: '那台设备或那个密码管理器里已经有这个账号的通行密钥了。',
      full: '这个账号的通行密钥和其他验证方式已达上限。请先删除不用的。',
      changed: '这个账号的登录方式刚刚有变动。请再试一次。',
      malformed: '浏览器或密码管理器的返回内容无法读取。请重试，或换一个。',
    },
  },
  signUp: {
    heading: '注册账号',
    continueTo: '注册后前往',
    replaces: (user) => html`你现在登录的账号是 ${user}。注册后，此浏览器将改用新账号。`,
    username: '用户名',
    usernameHint: '可用文字和数字，中间可以有点、短横线或下划线。',
    email: '邮箱',
    name: '姓名',
    optional: '选填',
    password: '密码',
    passwordHint: (characters) => `至少 ${characters} 个字符。把几个互不相干的词连在一起，既难猜又好记。`,
    submit: '注册',
    cancel: '取消',
    haveAccount: '已有账号？',
    signIn: '直接登录',
    titleProblem: '未能注册',
    faults: {
      username: {
        missing: '请填写用户名。',
        too_long: '用户名太长，最多 64 个字符。',
        characters: '只能用文字和数字，中间可以有单个的点、短横线或下划线。',
        mixed_scripts: '请只用一种文字：不同文字里有些字母看上去一样，容易被当成别人。',
        taken: '这个用户名已经有人用了，请换一个。',
      },
      email: '这不像邮箱地址。写法如 name@example.com；也可以不填。',
      emailMissing: '请填写邮箱，验证邮件会寄到那里。写法如 name@example.com。',
      name: '姓名超过 100 个字符，或含有无法显示的字符。',
      password: {
        too_short: (characters) => `密码太短，至少要 ${characters} 个字符，空格也算。`,
        too_long: () => '密码太长，最多 256 个字符。',
        common: () => '用这个密码的人太多，猜密码的人会最先试它，请换一个。',
        same_as_account: () => '这就是你的用户名、邮箱或姓名，别人也知道，请换一个。',
      },
    },
  },
  consent: {
    heading: '是否授权？',
    asks: (user) => html`请求以下权限，访问你的账号 ${user}。`,
    otherAccount: '换个账号',
    aboutYou: '你的信息',
    scopes: {
      openid: '在你下次到来时认出你',
      profile: '查看你的姓名、头像等个人资料',
      email: '查看你的邮箱地址',
      address: '查看你的通信地址',
      phone: '查看你的电话号码',
    },
    useApi: (name) => `使用“${name}”`,
    undescribed: '此接口的一项权限',
    detailLocations: '仅限用于',
    detailFlag: (value) => (value ? '是' : '否'),
    whileAway: '你不在的时候',
    offlineAccess: '即使你没有在使用应用，也保留以上权限',
    offlineMeaning: '应用为此持有一枚刷新令牌（refresh token）；你收回授权，它随即作废。',
    lasts: '有效期',
    untilTakenBack: '直到你收回',
    thisTimeOnly: '仅限本次',
    returnsTo: '完成后返回',
    takeBack: (account) => html`随时可以在${account}收回授权。`,
    accountPages: '账号中心',
    allow: '允许',
    deny: '拒绝',
  },
  logout: {
    heading: '要退出登录吗？',
    clientAsks: (client) => html`“${client}”请求退出你在这里的登录。`,
    signedInAs: (user) => html`当前登录的账号是 ${user}。`,
    meaning: '退出后，此浏览器中的登录即告结束，你用它登录过的应用也会收到通知。',
    confirm: '退出登录',
    cancel: '保持登录',
  },
  account: accountZhCn,
  device: {
    heading: '连接设备',
    explain: '请输入设备上显示的代码。',
    code: '代码',
    submit: '继续',
    wrongCode: '没有设备在等待这个代码。请逐个字母核对；代码的有效期是十分钟。',
    slowedDown: (seconds) => `输错的次数过多，请等 ${duration(seconds)}后再试。`,
    titleProblem: '未连接',
    confirmHeading: '要连接这台设备吗？',
    asks: (user) => html`请求以下权限，访问你的账号 ${user}。`,
    warning:
      '只有当这是你自己刚刚发起的、设备就在你面前时，才点“允许”。如果代码或本页的链接是别人发给你的，请点“拒绝”，否则对方会进入你的账号。',
    compare: '设备上显示的是这个代码吗？',
    askedFrom: '请求来自',
    askedBy: '设备自称',
    askedAt: '时间',
    unknownAgent: '未说明',
    ago: (seconds) => (seconds < 1 ? '刚刚' : `${duration(seconds)}前`),
    allow: '允许',
    deny: '拒绝',
    allowed: '设备已连接',
    allowedNow: (client) => `请回到“${client}”，它会自动继续。本页可以关闭。`,
    denied: '未连接',
    deniedNow: '设备没有得到任何权限。本页可以关闭。',
    gone: '太迟了',
    goneNow: '这个代码已经失效，或者已经答复过。刚才什么也没有发生。请在设备上重新开始。',
  },
  approvals: {
    heading: '等你确认的请求',
    none: '目前没有人向你请求什么。',
    asks: '请求以你的名义行事。',
    warning: '只允许你正在等的请求：请把下面的文字与对方告诉你的核对，不一致就拒绝。',
    message: '附言',
    endsIn: '剩余时间',
    allow: '允许',
    deny: '拒绝',
    allowFor: (client) => `允许“${client}”的请求`,
    denyFor: (client) => `拒绝“${client}”的请求`,
    allowed: '已允许。',
    denied: '已拒绝。',
    gone: '该请求已经失效，或者已经答复过。',
  },
  signedOut: {
    heading: '已退出登录',
    ended: '此浏览器中的登录已经结束。',
    onward: (host) => html`正在通知你用过的应用，随后前往 ${host}。如果页面没有自动跳转，请点“继续”。`,
    continue: '继续',
    elsewhere: '有些应用自行保存登录状态，可能仍然认得你。如果这是公用电脑，请关闭浏览器。',
    backTo: (client) => `返回“${client}”`,
    signInAgain: '重新登录',
  },
  mail: zhCnMail,
  botCheck: BOT_CHECK_ZH_CN,
  completed: {
    heading: '此请求已经完成',
    answered: '这个请求先前已经答复过，而每个请求只答复一次。刚才没有做任何处理。',
    now: '可以关闭本页。如果应用还在等你，请从应用重新开始。',
    backTo: (client) => `返回“${client}”`,
  },
  formPost: {
    heading: '还差一步',
    explain: (host) => html`结果将送往 ${host}。如果页面没有自动跳转，请点“继续”。`,
    submit: '继续',
  },
  home: {
    title: '令牌服务',
    what: '这里是令牌服务：依照 OAuth 2 与 OpenID Connect，为人办理登录，为应用签发令牌。',
    issuer: '签发者',
    account: '账号中心',
    accountMeaning: '查看哪些应用和设备能访问你的账号，并随时收回',
    console: '管理控制台',
    consoleMeaning: '客户端、用户、密钥与判定记录，供管理员使用',
    discovery: '发现文档',
    discoveryMeaning: '端点与能力清单，供程序读取',
    docs: '文档',
    docsMeaning: '指南与参考，供开发者查阅',
  },
  error: {
    why: '原因',
    now: '怎么办',
    wait: (seconds) => `请等 ${duration(seconds)}后再试。`,
    received: '请求的内容',
    decisionId: '判定编号',
    decisionMeaning: '管理员凭此编号可以查到是哪一项检查没有通过，以及为什么。',
    kinds: {
      client_id_missing: {
        what: '应用没有说明自己是谁',
        why: '请求里没有写明客户端，无从得知要为谁办理登录。',
        now: TELL_THE_APP,
      },
      client_id_unknown: {
        what: '我们不认识这个应用',
        why: '请求所写的客户端没有在这里登记，或者已经停用。',
        now: `${TELL_THE_APP}如果你是运营方：请核对 client_id 与登记的是否一致，签发者是否就是本服务器。`,
      },
      redirect_uri_missing: {
        what: '应用没有说明要把你送回哪里',
        why: '每个请求都必须写明接收结果的地址，只登记了一个地址时也不例外。',
        now: `${TELL_THE_APP}如果你是运营方：请在请求中带上 redirect_uri。`,
      },
      redirect_uri_not_registered: {
        what: '应用写了一个不属于它的地址',
        why: '结果只会送往应用登记过的地址，逐字比对，一字不差才算。这一次什么也没有送出。',
        now: '如果链接来自陌生人或不明消息，请关闭本页。如果你是运营方：请把这个地址原样登记为该客户端的 redirect_uri。',
      },
      parameter_repeated: {
        what: '请求里有内容重复',
        why: '同一个参数只能出现一次；出现两个值，就无法判断该信哪一个。',
        now: TELL_THE_APP,
      },
      request_malformed: {
        what: '我们读不懂这个请求',
        why: '它不符合标准规定的格式，也可能是地址在复制时缺了一段。',
        now: TELL_THE_APP,
      },
      request_too_large: {
        what: '这个请求太大了',
        why: '它超出了应用在这里所需的长度。',
        now: `${TELL_THE_APP}如果你是运营方：较长的请求请先推送到服务器（PAR）。`,
      },
      request_object_invalid: {
        what: '签名的请求未能通过核验',
        why: '它的签名、签发者、受众或时间不正确，其中的内容不能采信。',
        now: TELL_THE_APP,
      },
      request_uri_invalid: {
        what: '找不到应用所指的请求',
        why: 'request_uri 所指的，既不是该应用存放在这里的请求，也不是允许代取的请求。',
        now: TELL_THE_APP,
      },
      request_uri_expired: {
        what: '事先存放的请求已经失效',
        why: '应用事先存放的请求只保留很短的时间，也只能用一次。',
        now: START_AGAIN,
      },
      request_expired: {
        what: '等待的时间太久了',
        why: '请求只会等你一段时间，这一个已经过期。应用没有得到任何权限。',
        now: START_AGAIN,
      },
      request_unknown: {
        what: '找不到这个请求',
        why: '它可能是在另一个浏览器里开始的，可能早已结束，也可能是地址缺了一段。',
        now: START_AGAIN,
      },
      form_not_verified: {
        what: '这份表单不是从我们的页面提交的',
        why: '能证明表单出自本浏览器所打开页面的凭据缺失，或者不相符。我们没有做任何处理。',
        now: '请返回上一页，刷新后重新提交，并允许本站使用 Cookie。',
      },
      session_changed: {
        what: '登录的账号已经变了',
        why: '打开本页之后，此浏览器的登录有了变化，可能是在另一个标签页里。我们没有做任何处理。',
        now: START_AGAIN,
      },
      cookies_blocked: {
        what: '浏览器没有保存我们的 Cookie',
        why: '没有它，就无法确认发起请求和作出答复的是同一个人。',
        now: '请允许本站使用 Cookie，然后回到应用重新开始。',
      },
      sign_up_off: {
        what: '这里不开放注册',
        why: '账号由本服务器的管理方发放。',
        now: '如果你已有账号，请直接登录；如果没有，请向应用或本服务器的管理方申请。',
      },
      sign_in_method_off: {
        what: '不能用这种方式登录',
        why: '本服务器的管理方已停用这种登录方式。',
        now: '请返回登录页面，改用页面上提供的方式。',
      },
      sign_in_too_weak: {
        what: '需要更强的身份验证',
        why: '此操作需要更强的登录方式：第二重验证，或通行密钥。',
        now: '请先在账号的“安全”页面添加一种，用它登录后再回到这里。',
      },
      upstream_off: {
        what: '这种登录方式已停用',
        why: '本服务器的管理方目前不接受通过该服务登录。已关联的账号仍保持关联。',
        now: '请返回，用其他方式登录。',
      },
      upstream_attempt_unknown: {
        what: '这次登录不是从这里发起的',
        why: '其他服务的答复只在发起登录的浏览器里有效，只能用一次，并且几分钟后失效。这个答复是在别处请求的、已经用过，或者对应的 Cookie 已经丢失。',
        now: '如果你没有发起登录，请关闭本页。否则请回到应用或登录页重新开始。',
      },
      upstream_failed: {
        what: '无法核实对方服务的答复',
        why: '返回的内容不能证明你的身份：签名不对、是给别人的，或者不完整。没有人因此登录。',
        now: '请重新开始。如果再次看到本页，请用其他方式登录，并把判定编号告诉本服务器的管理方。',
      },
      upstream_unavailable: {
        what: '对方服务没有响应',
        why: '需要由它确认你的身份，但未能及时连上。没有任何损失。',
        now: '请稍等片刻后重试，或用其他方式登录。',
      },
      upstream_no_account: {
        what: '这里没有与之关联的账号',
        why: '对方服务认识你，但本服务器上没有账号与你在那边的账号关联，也不会通过它新建账号。',
        now: '如果你在这里有账号，请先登录，再到账号的“安全”页面进行关联；如果没有，请向应用的管理方申请。',
      },
      upstream_account_off: {
        what: '此账号暂时不能登录',
        why: '对方服务确认了你的身份，但这里的账号已停用或被锁定，或者刚刚发生了变化。',
        now: '请再试一次。如果再次看到本页，请联系本服务器的管理方。',
      },
      upstream_not_fresh: {
        what: '需要重新证明是你本人',
        why: '这一步要求刚刚完成的登录，而对方服务没有说明这一点。',
        now: '请返回，改用密码或通行密钥登录。',
      },
      account_not_allowed: {
        what: '此账号不能使用这个应用',
        why: '本服务器的管理方限定了可以使用该应用的账号，此账号不在其中。',
        now: '请换一个账号登录，或者向管理员申请，并提供判定编号。',
      },
      post_logout_redirect_uri_not_registered: {
        what: '应用写了一个不属于它的地址',
        why: '退出登录之后，只会把你送往应用登记过的地址，逐字比对，一字不差才算。',
        now: '可以关闭本页。如果你是运营方：请把这个地址原样登记为该客户端的 post_logout_redirect_uri。',
      },
      id_token_hint_missing: {
        what: '应用没有说明要结束谁的登录',
        why: '要在退出之后把你送回应用，需要一枚 ID 令牌来证明是哪个应用提出的。',
        now: '可以关闭本页。如果你是运营方：请在请求中带上 id_token_hint。',
      },
      id_token_hint_invalid: {
        what: '应用出示的 ID 令牌不成立',
        why: '它不是由本服务器签发的，或者已被改动。',
        now: TELL_THE_APP,
      },
      id_token_hint_mismatch: {
        what: 'ID 令牌属于另一个应用',
        why: '请求写的是一个应用，其中的 ID 令牌却是签发给另一个应用的。',
        now: TELL_THE_APP,
      },
      not_found: {
        what: '这里什么也没有',
        why: '没有哪个页面是这个地址，可能是输错了，也可能是复制时缺了一段。',
        now: '请核对地址，或者回到来处。',
      },
      method_not_allowed: {
        what: '这个地址不能这样访问',
        why: '所用的 HTTP 方法不在它接受之列。',
        now: '请回到来处重新开始。',
      },
      too_many_requests: {
        what: '请求太频繁了',
        why: '短时间内，来自你的地址或针对此账号的请求超出了我们所能答复的数量。',
        now: '请稍等片刻再试。',
      },
      server_error: {
        what: '我们这边出了故障',
        why: '这是我们的问题，与你无关。故障已经记录下来。',
        now: '请稍后再试。如果又看到本页，请告诉管理员，并提供判定编号。',
      },
      temporarily_unavailable: {
        what: '暂时无法答复',
        why: '本服务器所依赖的某个部分此刻不可用。没有任何内容丢失。',
        now: '请稍后再试。',
      },
    },
  },
};
