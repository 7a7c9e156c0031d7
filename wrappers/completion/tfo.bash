# SPDX-License-Identifier: MIT
# Completion of tfo for bash: tfo itself says what may stand there.
_tfo() {
	local line word=${COMP_WORDS[COMP_CWORD]}
	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		:file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
		:directory) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
		:host) mapfile -t COMPREPLY < <(compgen -A hostname -- "$word") ;;
		:user) mapfile -t COMPREPLY < <(compgen -u -- "$word") ;;
		:pid) mapfile -t COMPREPLY < <(cd /proc && compgen -G "${word}[0-9]*" || echo "$word") ;;
		:program | :command) mapfile -t COMPREPLY < <(compgen -c -- "$word") ;;
		":command "*) if declare -F _command_offset >/dev/null; then
				_command_offset "${line#* }"
			else
				compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$word")
			fi ;;
		*) COMPREPLY+=("${line%%$'\t'*}") ;;
		esac
	done < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _tfo tfo
