# Questions: asked on the line, or answered by the response file, by OpenBSD's rules for both.

# fail WORDS: ends this installation; the caller of `perform` says what follows.
fail() {
  echo "$*"
  exit 1
}

# read_responses: the response file's lines as `key=value` with the key in small letters and no blanks about, into $RULES.
read_responses() {
  used=
  awk '
    { sub(/\r$/, ""); at = index($0, "=") }
    /^[ \t]*#/ || at == 0 { next }
    {
      key = tolower(substr($0, 1, at - 1)); value = substr($0, at + 1)
      gsub(/^[ \t]+|[ \t]+$/, "", key); gsub(/^[ \t]+|[ \t]+$/, "", value)
      if (key != "") print key "=" value
    }' "$RESPONSES" >"$RULES"
}

# respond QUESTION: puts the first unused line's value into $answer. A line's key is a whole-word run of the question,
# in any case; each line answers once.
respond() {
  local question number=0 line key
  question=" $(printf '%s' "$1" | tr 'A-Z\n' 'a-z ') "
  while IFS= read -r line; do
    number=$((number + 1)) key=${line%%=*}
    case " $used " in *" $number "*) continue ;; esac
    case $question in
      *" $key "* | *" $key? "*)
        used="$used $number"
        answer=${line#*=}
        return 0
        ;;
    esac
  done <"$RULES"
  return 1
}

# unanswered QUESTION
unanswered() {
  echo
  fail "Question has no answer in response file: \"$(printf '%s' "$1" | tr 'A-Z' 'a-z')\""
}

# ask QUESTION [DEFAULT]: an answer into $answer. An empty line takes the default; `!` is a shell.
ask() {
  while :; do
    printf '%s ' "$1${2:+ [$2]}"
    if [ -n "$auto" ]; then
      respond "$1" || answer=$2
      [ -n "$answer" ] || unanswered "$1"
      echo "$answer"
      return
    fi
    read -r answer || exit 1
    case $answer in '!'*) setsid -c sh; continue ;; esac
    answer=${answer:-$2}
    [ -z "$answer" ] || return
  done
}

# refuse: the last answer will not do. Asks again who types, and ends what is automatic.
refuse() {
  echo "'$answer' is not a valid choice."
  [ -z "$auto" ] || exit 1
}

# ask_yes QUESTION DEFAULT: $answer is yes or no.
ask_yes() {
  while :; do
    ask "$1" "$2"
    case $answer in
      [Yy] | [Yy][Ee][Ss]) answer=yes; return ;;
      [Nn] | [Nn][Oo]) answer=no; return ;;
    esac
    refuse
  done
}

# ask_password QUESTION: read twice without echo; from a response file it is shown as <provided>.
ask_password() {
  local first
  if [ -n "$auto" ]; then
    printf '%s ' "$1"
    answer=
    respond "$1" || unanswered "$1"
    [ -n "$answer" ] || unanswered "$1"
    echo '<provided>'
    return
  fi
  while :; do
    printf '%s (will not echo) ' "$1"
    IFS= read -r -s first || exit 1
    echo
    printf '%s (again) ' "$1"
    IFS= read -r -s answer || exit 1
    echo
    [ "$first" = "$answer" ] && [ -n "$answer" ] && return
    [ -n "$first$answer" ] && echo "Passwords do not match, try again."
  done
}

# crypted PASSWORD: what goes into /etc/shadow. Thirteen asterisks lock; a long $...$ is crypted already.
crypted() {
  case $1 in
    '*************') printf '*' ;;
    '$'?*'$'*) [ "${#1}" -gt 30 ] && printf '%s' "$1" || printf '%s' "$1" | mkpasswd -m sha512 -P 0 ;;
    *) printf '%s\n' "$1" | mkpasswd -m sha512 -P 0 ;;
  esac
}
