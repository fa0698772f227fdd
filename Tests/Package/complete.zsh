#!/usr/bin/env zsh
# complete.zsh DIRECTORY: a person's zsh with these completions, in which 'mx-compact veri' and the
# tabulator are typed; exit 0 where the shell completes the verb and an option.
zmodload zsh/zpty
zpty -b shell env -i TERM=dumb PATH=$PATH HOME=/nowhere zsh -f -i

# What the shell prints until $1 is there, at most five seconds.
reply=
await() {
  local part
  repeat 50; do
    while zpty -r -t shell part; do reply+=$part; done
    [[ $reply == *$1* ]] && return 0
    sleep 0.1
  done
  print -r -- "no '$1' in: $reply"
  return 1
}

zpty -w shell "PROMPT=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -D -u; echo rea''dy"
await ready || exit 1
zpty -n -w shell $'mx-compact veri\t'
await 'mx-compact verify ' || exit 1
zpty -n -w shell $'--dee\t'
await '--deep ' || exit 1
