# SPDX-License-Identifier: MIT
# Completion of tfo for fish: tfo itself says what may stand there.
function __tfo_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l tfo $words[1]
    $tfo complete -- $words[2..-1] "$typed" 2>/dev/null | while read -l line
        switch $line
            case :file
                __fish_complete_path "$typed"
            case :directory
                __fish_complete_directories "$typed"
            case :host
                __fish_print_hostnames
            case :user
                __fish_complete_users
            case :pid
                __fish_complete_pids
            case :program :command
                __fish_complete_command
            case ':command *'
                set -l from (string split ' ' -- $line)[2]
                complete -C (string join ' ' -- (string escape -- $words[(math $from + 1)..-1]) "$typed")
            case '*'
                echo $line
        end
    end
end
complete -c tfo -f -a '(__tfo_complete)'
