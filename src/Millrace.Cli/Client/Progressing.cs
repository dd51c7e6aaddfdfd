using Spectre.Console;

namespace Millrace.Cli.Client;

/// <summary>Shows how far long work is: a bar on a terminal, a line now and then in a log. Always on standard error.</summary>
internal static class Progressing
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(5);

    /// <param name="title">What is done.</param>
    /// <param name="total">How much there is.</param>
    /// <param name="done">How much of it is done; asked from another thread.</param>
    /// <param name="work">The work itself.</param>
    /// <param name="error">Standard error, when it is not the process's own.</param>
    public static Task RunAsync(string title, long total, Func<long> done, Func<Task> work, TextWriter? error = null) =>
        Console.IsErrorRedirected || !Terminal.Error.Profile.Capabilities.Interactive || (error is not null && error != Console.Error)
            ? WithLinesAsync(title, total, done, work, error ?? Console.Error)
            : WithBarAsync(title, total, done, work);

    private static Task WithBarAsync(string title, long total, Func<long> done, Func<Task> work) =>
        Terminal.Error.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new SpinnerColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask(Markup.Escape(title), maxValue: Math.Max(1, total));
                var running = work();
                while (await Task.WhenAny(running, Task.Delay(Redraw)) != running)
                    bar.Value = done();
                bar.Value = done();
                await running;
            });

    private static async Task WithLinesAsync(string title, long total, Func<long> done, Func<Task> work, TextWriter error)
    {
        var running = work();
        while (await Task.WhenAny(running, Task.Delay(LineEvery)) != running)
            await error.WriteLineAsync($"{title}: {done():N0} of {total:N0}");
        await running;
        await error.WriteLineAsync($"{title}: {done():N0} of {total:N0}");
    }
}
