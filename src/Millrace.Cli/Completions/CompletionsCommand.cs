using System.CommandLine;
using Millrace.Cli.Client;

namespace Millrace.Cli.Completions;

/// <summary><c>millrace completions bash|zsh|fish</c>: a script that asks the program itself what may come next, so that it never lags behind it.</summary>
internal static class CompletionsCommand
{
    // [suggest:POSITION] is a directive of System.CommandLine: it prints what may come there, a line each, by the tree of commands.
    // The first word is replaced: what it is called by may be a path, or an alias' name. Windows' spellings of --help are left out.
    private const string Bash = """
        # millrace: completions for bash. Load with: source <(millrace completions bash)
        _millrace_complete() {
            local line="${COMP_LINE:0:COMP_POINT}" word="${COMP_WORDS[COMP_CWORD]}" IFS=$'\n'
            line="millrace ${line#*[[:space:]]}"
            COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null | grep -v '^[/-][?h]$')" -- "$word"))
        }
        complete -o default -o nosort -F _millrace_complete millrace
        """;

    private const string Zsh = """
        #compdef millrace
        # millrace: completions for zsh. Load with: source <(millrace completions zsh)
        _millrace() {
            local line="${BUFFER[1,CURSOR]}"
            line="millrace ${line#*[[:space:]]}"
            local -a found
            found=("${(@f)$("${words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null | grep -v '^[/-][?h]$')}")
            if [[ -n "${found[*]}" ]]; then compadd -a found; else _files; fi
        }
        compdef _millrace millrace
        """;

    private const string Fish = """
        # millrace: completions for fish. Load with: millrace completions fish | source
        function __millrace_complete
            set -l words (commandline -opc)
            set -l line "millrace "(string join ' ' -- $words[2..-1] (commandline -ct))
            set -l found ($words[1] "[suggest:"(string length -- $line)"]" $line 2>/dev/null | string match -rv '^([/-][?h])?$')
            if set -q found[1]
                printf '%s\n' $found
            else
                __fish_complete_path (commandline -ct)
            end
        end
        complete -c millrace -f -a '(__millrace_complete)'
        """;

    public static Command Create() => new("completions", "Print a script that completes commands and options in a shell")
    {
        Script("bash", Bash, "source <(millrace completions bash)"),
        Script("zsh", Zsh, "source <(millrace completions zsh)"),
        Script("fish", Fish, "millrace completions fish | source"),
    };

    private static Command Script(string shell, string script, string loading)
    {
        var command = new Command(shell, $"For {shell}; load it with: {loading}");
        command.SetGuardedAction(async (arguments, _) =>
        {
            await arguments.InvocationConfiguration.Output.WriteLineAsync(script);
            return Acting.Done;
        });
        return command;
    }
}
