# bash completion for murre. The options come from `murre COMMAND --help`, so that they are always those of the program.

_murre_options() {
    "$1" ${2:+"$2"} --help 2> /dev/null | sed -n 's/^  \(--[a-z0-9-]*\)\(=\|\[=\)\{0,1\}.*/\1\2/p' | sed 's/\[=$//'
}

_murre() {
    local cur prev words cword
    if declare -F _init_completion > /dev/null; then
        _init_completion -n = || return
    else
        cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
    fi

    local command=run first=1
    case ${words[1]} in
    run | validate | inspect | print) command=${words[1]} first=2 ;;
    esac

    # Behind the module stand the guest's own arguments.
    local i file=
    for ((i = first; i < cword; i++)); do
        case ${words[i]} in
        -?*) ;;
        *) file=${words[i]} && break ;;
        esac
    done

    case $cur in
    --tier=*) mapfile -t COMPREPLY < <(compgen -W 'auto interp jit' -- "${cur#*=}") ;;
    --bounds=*) mapfile -t COMPREPLY < <(compgen -W 'auto guard explicit' -- "${cur#*=}") ;;
    --unknown-imports=*) mapfile -t COMPREPLY < <(compgen -W 'trap zero' -- "${cur#*=}") ;;
    --opt-level=*) mapfile -t COMPREPLY < <(compgen -W '0 1 2 3' -- "${cur#*=}") ;;
    --dir=* | --dir-ro=*) mapfile -t COMPREPLY < <(compgen -d -- "${cur#*=}") ;;
    --env=*) mapfile -t COMPREPLY < <(compgen -v -- "${cur#*=}") ;;
    -*)
        [ -z "$file" ] || [ "$command" != run ] || return
        mapfile -t COMPREPLY < <(compgen -W "$(_murre_options "$1" "$command")" -- "$cur")
        [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
        ;;
    *)
        if [ -n "$file" ] && [ "$command" = run ]; then
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        else
            mapfile -t COMPREPLY < <(compgen -d -- "$cur"; compgen -f -X '!*.@(wasm|gz)' -- "$cur")
            [ "$cword" -gt 1 ] || mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W 'run validate inspect print' -- "$cur")
        fi
        compopt -o filenames
        ;;
    esac
}
complete -F _murre murre
