/** The words of the check that tells people from programs. */
export interface BotCheckMessages {
  readonly working: string;
  readonly done: string;
  /** To somebody without scripts. */
  readonly patience: (seconds: number) => string;
  readonly needsScript: string;
  readonly missing: string;
  readonly wait: (seconds: number) => string;
  readonly away: string;
}

export const BOT_CHECK_EN: BotCheckMessages = {
  working: 'One moment: your browser is still finishing a short check. The form is sent by itself.',
  done: 'Your browser has finished a short check against automated use.',
  patience: (seconds) =>
    `Your browser runs no JavaScript, so please wait ${seconds} seconds before you send this form. It keeps programs from sending thousands.`,
  needsScript: 'This form has a check against automated use that needs JavaScript. Please turn it on and load the page again.',
  missing: 'The check against automated use was not finished. Please send the form once more.',
  wait: (seconds) => `Please send the form once more in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`,
  away: 'The check against automated use cannot be reached at this moment. Please try again in a minute.',
};

export const BOT_CHECK_ZH_CN: BotCheckMessages = {
  working: '请稍候：浏览器正在完成一项简短的检查，表单随后会自动提交。',
  done: '浏览器已完成防止自动程序的简短检查。',
  patience: (seconds) => `您的浏览器没有运行 JavaScript，请等待 ${seconds} 秒后再提交此表单。这样可以防止程序大量提交。`,
  needsScript: '此表单需要 JavaScript 来完成防止自动程序的检查。请启用后重新加载页面。',
  missing: '防止自动程序的检查尚未完成，请再次提交表单。',
  wait: (seconds) => `请在 ${seconds} 秒后再次提交表单。`,
  away: '暂时无法进行防止自动程序的检查，请一分钟后重试。',
};
