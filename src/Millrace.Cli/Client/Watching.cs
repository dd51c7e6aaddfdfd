using System.CommandLine;
using System.Globalization;
using Spectre.Console;

namespace Millrace.Cli.Client;

/// <summary><c>--watch</c>: reads again and again. A terminal sees the table redrawn; anything else gets a line of JSON for each row that is new or another than before.</summary>
internal sealed class Watching
{
    private readonly Option<bool> _watch = new("--watch", "-w") { Description = "Read again until stopped: redraws the table on a terminal, else prints each row that is new or has changed as a line of JSON" };
    private readonly Option<double> _every = new("--every") { Description = "With --watch: seconds between two readings", DefaultValueFactory = _ => 2 };

    public void AddTo(Command command)
    {
        command.Options.Add(_watch);
        AddEveryTo(command);
    }

    /// <summary>For a command that always watches.</summary>
    public void AddEveryTo(Command command) => command.Options.Add(_every);

    public bool IsAsked(ParseResult arguments) => arguments.GetValue(_watch);

    /// <summary>Between two readings.</summary>
    public TimeSpan Every(ParseResult arguments) => arguments.GetValue(_every) is var seconds and >= 0.05 and <= 86_400
        ? TimeSpan.FromSeconds(seconds)
        : throw new UsageException($"{_every.Name} is 0.05 to 86400 seconds.");

    /// <summary>Shows once, or with <c>--watch</c> for ever.</summary>
    public async Task<int> RunAsync(ParseResult arguments, Output output, Func<CancellationToken, Task<Shown>> read, CancellationToken cancellation)
    {
        if (arguments.GetValue(_watch))
        {
            try
            {
                return await FollowAsync(arguments, output, async token => (await read(token), null), cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                // It has no other end.
                return Acting.Done;
            }
        }

        if (arguments.GetResult(_every) is { Implicit: false })
            throw new UsageException($"{_every.Name} goes with {_watch.Name}.");
        output.Write(arguments, await read(cancellation));
        return Acting.Done;
    }

    /// <summary>Shows again and again until a reading says with which exit code it is over.</summary>
    public async Task<int> FollowAsync(ParseResult arguments, Output output, Func<CancellationToken, Task<(Shown Shown, int? End)>> read, CancellationToken cancellation)
    {
        var wait = Every(arguments);
        var isDrawn = output.Of(arguments) == OutputFormat.Table && Terminal.IsTerminal(arguments.InvocationConfiguration.Output);
        await using var pipe = isDrawn ? null : Terminal.OpenPipe(arguments.InvocationConfiguration.Output);
        var writer = pipe ?? arguments.InvocationConfiguration.Output;
        var before = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            var (shown, end) = await read(cancellation);
            before = isDrawn ? Redraw(arguments, output, shown, wait) : Append(writer, shown, before);
            if (end is { } code)
                return code;
            await Task.Delay(wait, cancellation);
        }
    }

    private static HashSet<string> Append(TextWriter writer, Shown shown, HashSet<string> before)
    {
        var lines = Output.Lines(shown);
        foreach (var line in lines.Where(line => !before.Contains(line)))
            writer.WriteLine(line);
        writer.Flush();
        return [.. lines];
    }

    private static HashSet<string> Redraw(ParseResult arguments, Output output, Shown shown, TimeSpan wait)
    {
        // Not Clear(), which would take what the terminal has scrolled by with it.
        Terminal.Out.Write(new ControlCode("\u001b[2J\u001b[H"));
        Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"every {wait.TotalSeconds} s, last at {TimeProvider.System.GetUtcNow():HH:mm:ss} UTC; Ctrl-C ends"));
        output.Write(arguments, shown);
        return [];
    }
}
