using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Millrace.Cli;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

/// <summary>A command line as the program runs it, in this process, with writers of its own.</summary>
internal sealed class CliRun
{
    private readonly Lines _output = new();
    private readonly Lines _errors = new();
    private readonly Task<int> _running;

    private CliRun(string[] arguments, CancellationToken cancellation)
    {
        // No signals: those are the test process's.
        var configuration = new InvocationConfiguration { Output = _output, Error = _errors, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        _running = Task.Run(() => CommandLine.RunAsync(arguments, configuration, cancellation), CancellationToken.None);
    }

    public string Output => _output.ToString();

    public string Errors => _errors.ToString();

    public int Exit { get; private set; } = -1;

    public JsonNode Json => JsonNode.Parse(Output)!;

    public List<JsonNode> Rows => [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];

    /// <summary>Runs it until it ends.</summary>
    public static async Task<CliRun> OfAsync(params string[] arguments)
    {
        var run = new CliRun(arguments, TestContext.Current.CancellationToken);
        await run.EndAsync();
        return run;
    }

    /// <summary>The same, and it ends with this code.</summary>
    public static async Task<CliRun> OfAsync(int exit, params string[] arguments)
    {
        var run = await OfAsync(arguments);
        Assert.True(run.Exit == exit, $"{string.Join(' ', arguments)}: {run.Exit}, not {exit}\n{run.Output}\n{run.Errors}");
        return run;
    }

    /// <summary>Starts one that is stopped by the token.</summary>
    public static CliRun Start(CancellationToken cancellation, params string[] arguments) => new(arguments, cancellation);

    public async Task<int> EndAsync() => Exit = await _running;

    /// <summary>Read while it is written to.</summary>
    private sealed class Lines : TextWriter
    {
        private readonly StringBuilder _text = new();

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value)
        {
            lock (_text)
                _text.Append(value);
        }

        public override void Write(string? value)
        {
            lock (_text)
                _text.Append(value);
        }

        public override string ToString()
        {
            lock (_text)
                return _text.ToString();
        }
    }
}
