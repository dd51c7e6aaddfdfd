using Microsoft.Win32.SafeHandles;
using Spectre.Console;

namespace Millrace.Cli.Client;

/// <summary>Data goes to standard output, everything else to standard error. Both honor NO_COLOR.</summary>
internal static class Terminal
{
    // A pipe has no width: wide enough that no row of ours wraps, so that grep works.
    private const int PipeWidth = 240;

    public static IAnsiConsole Out { get; } = Open(Console.Out, Console.IsOutputRedirected);

    public static IAnsiConsole Error { get; } = Open(Console.Error, Console.IsErrorRedirected);

    /// <summary>Where a command was told to write; a test gives it a writer of its own, which is like a pipe.</summary>
    public static IAnsiConsole To(TextWriter writer) =>
        writer == Console.Out ? Out : writer == Console.Error ? Error : Open(writer, isRedirected: true);

    /// <summary>Whether a person looks at it, so that it may be drawn over.</summary>
    public static bool IsTerminal(TextWriter writer) => writer == Console.Out && !Console.IsOutputRedirected && Out.Profile.Capabilities.Ansi;

    /// <summary>
    /// Standard output for what goes on until it is stopped, with an <see cref="IOException"/> once nobody reads it any more, as behind <c>| head</c>: the
    /// runtime's own stream passes over that. Null when the writer is not standard output, or that is a file, which others write to before and after.
    /// </summary>
    public static StreamWriter? OpenPipe(TextWriter writer)
    {
        if (writer != Console.Out || OperatingSystem.IsWindows())
            return null;
        var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        // It would write at a place of its own, over what another writes there.
        return output.CanSeek ? null : new StreamWriter(output);
    }

    private static IAnsiConsole Open(TextWriter writer, bool isRedirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = isRedirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (isRedirected)
            console.Profile.Width = PipeWidth;
        return console;
    }

    /// <summary>A table as this program draws them all.</summary>
    /// <param name="columns">A name that ends with a <c>#</c> is a column of numbers.</param>
    public static Table NewTable(string? title, params string[] columns)
    {
        var table = new Table { Border = Console.IsOutputRedirected ? TableBorder.Ascii : TableBorder.Rounded };
        if (title is not null)
            table.Title = new TableTitle(Markup.Escape(title));
        foreach (var column in columns)
        {
            var cell = new TableColumn(Markup.Escape(column.TrimEnd('#')));
            table.AddColumn(column.EndsWith('#') ? cell.RightAligned() : cell);
        }

        return table;
    }

    /// <summary>A row of plain text: nothing in it is markup.</summary>
    public static void AddText(this Table table, params string?[] cells) =>
        table.AddRow([.. cells.Select(cell => new Text(cell ?? ""))]);
}
