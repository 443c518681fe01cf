import { operationOf } from '@hufu/protocol/admin/operations';
import { optionNames } from './admin/read-words.ts';
import type { Command } from './command.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

/** The words after others, and the options of commands, both by what was typed before them. */
interface Words {
  readonly next: ReadonlyMap<string, readonly string[]>;
  readonly options: ReadonlyMap<string, readonly string[]>;
}

/**
 * A script that makes a shell complete commands and their options. Nothing is asked of a server: which clients and users there are is nobody's business who looks over a
 * shoulder.
 */
export function writeCompletion(shell: Shell, commands: readonly Command[]): string {
  return WRITERS[shell](wordsOf(commands));
}

function wordsOf(commands: readonly Command[]): Words {
  const next = new Map<string, string[]>();
  const options = new Map<string, readonly string[]>();
  for (const { name, usage, operation } of commands) {
    const words = name.split(' ');
    for (const [i, word] of words.entries()) {
      const before = words.slice(0, i).join(' ');
      const known = next.get(before) ?? [];
      if (!known.includes(word)) next.set(before, [...known, word]);
    }
    const own = [...usage.matchAll(/--([a-z][a-z-]*)/g)].map(([, option = '']) => option);
    const ofTable = operation === undefined ? [] : optionNames(operationOf(operation));
    options.set(
      name,
      [...new Set([...own, ...ofTable, 'help'])].filter((option) => option !== 'member'),
    );
  }
  next.set('completion', ['bash', 'zsh', 'fish']);
  return { next, options };
}

/** Options that name a file. */
const FILES = ['config', 'file', 'body', 'out', 'state'];

function bash({ next, options }: Words): string {
  const entries = (name: string, map: ReadonlyMap<string, readonly string[]>, before: string): string =>
    [...map].map(([path, words]) => `${name}['${path === '' ? '.' : path}']='${words.map((word) => before + word).join(' ')}'`).join('\n');
  return `# hufu completion bash: eval "$(hufu completion bash)"
declare -gA _hufu_next _hufu_options
${entries('_hufu_next', next, '')}
${entries('_hufu_options', options, '--')}
_hufu() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" typed="" found="." i
  for ((i = 1; i < COMP_CWORD; i++)); do
    typed="\${typed:+$typed }\${COMP_WORDS[i]}"
    [[ -n "\${_hufu_next[$typed]}\${_hufu_options[$typed]}" ]] && found="$typed"
  done
  COMPREPLY=()
  case "$prev" in
    ${FILES.map((option) => `--${option}`).join('|')}) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
  esac
  if [[ "$cur" == -* ]]; then mapfile -t COMPREPLY < <(compgen -W "\${_hufu_options[$found]}" -- "$cur")
  elif [[ "$found" == "." || "$found" == "$typed" ]]; then mapfile -t COMPREPLY < <(compgen -W "\${_hufu_next[$found]}" -- "$cur"); fi
}
complete -F _hufu hufu`;
}

function zsh({ next, options }: Words): string {
  const entries = (map: ReadonlyMap<string, readonly string[]>, before: string): string =>
    [...map].map(([path, words]) => `  '${path === '' ? '.' : path}' '${words.map((word) => before + word).join(' ')}'`).join('\n');
  return `#compdef hufu
# hufu completion zsh: eval "$(hufu completion zsh)" after compinit, or as _hufu in a folder of $fpath
typeset -gA _hufu_next _hufu_options
_hufu_next=(
${entries(next, '')}
)
_hufu_options=(
${entries(options, '--')}
)
_hufu() {
  local typed='' found='.' i
  for ((i = 2; i < CURRENT; i++)); do
    typed="\${typed:+$typed }\${words[i]}"
    [[ -n "\${_hufu_next[$typed]}\${_hufu_options[$typed]}" ]] && found="$typed"
  done
  case "\${words[CURRENT-1]}" in
    ${FILES.map((option) => `--${option}`).join('|')}) _files; return ;;
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then compadd -- \${=_hufu_options[$found]}
  elif [[ "$found" == '.' || "$found" == "$typed" ]]; then compadd -- \${=_hufu_next[$found]}; fi
}
if whence compdef >/dev/null; then compdef _hufu hufu; fi`;
}

function fish({ next, options }: Words): string {
  const cases = (map: ReadonlyMap<string, readonly string[]>, before: string): string =>
    [...map]
      .map(([path, words]) => `        case '${path}'\n            printf '%s\\n' ${words.map((word) => `'${before}${word}'`).join(' ')}`)
      .join('\n');
  return `# hufu completion fish: hufu completion fish | source
function __hufu_next
    switch "$argv"
${cases(next, '')}
    end
end
function __hufu_options
    switch "$argv"
${cases(options, '--')}
    end
end
function __hufu_complete
    set -l words (commandline -opc)[2..-1]
    set -l found
    for i in (seq (count $words))
        if test -n "$(__hufu_next $words[1..$i])$(__hufu_options $words[1..$i])"
            set found $words[1..$i]
        end
    end
    if string match -q -- '-*' (commandline -ct)
        __hufu_options $found
    else if test "$found" = "$words"
        __hufu_next $found
    end
end
complete -c hufu -f -a '(__hufu_complete)'
${FILES.map((option) => `complete -c hufu -l ${option} -r -F`).join('\n')}`;
}

const WRITERS: Readonly<Record<Shell, (words: Words) => string>> = { bash, zsh, fish };
