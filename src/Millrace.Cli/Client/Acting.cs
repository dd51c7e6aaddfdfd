using System.CommandLine;
using Polly.Timeout;

namespace Millrace.Cli.Client;

/// <summary>Exit codes: 0 done, 1 failed, 2 wrong usage. Failures that a person can act on are one clear message on standard error.</summary>
internal static class Acting
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;

    public static void SetGuardedAction(this Command command, Func<ParseResult, CancellationToken, Task<int>> action) =>
        command.SetAction((arguments, cancellation) => RunAsync(arguments, action, cancellation));

    public static async Task<int> RunAsync(
        ParseResult arguments, Func<ParseResult, CancellationToken, Task<int>> action, CancellationToken cancellation)
    {
        try
        {
            return await action(arguments, cancellation);
        }
        catch (UsageException e)
        {
            return await FailAsync(e.Message, Usage);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return await FailAsync("stopped", Failed);
        }
        catch (HttpRequestException e)
        {
            return await FailAsync($"the server cannot be reached: {e.Message}", Failed);
        }
        catch (Exception e) when (e is ApiException or TimeoutRejectedException or IOException or InvalidDataException
                                      or UnauthorizedAccessException or InvalidOperationException)
        {
            return await FailAsync(e.Message, Failed);
        }
    }

    private static async Task<int> FailAsync(string words, int code)
    {
        await Console.Error.WriteLineAsync($"millrace: {words}");
        return code;
    }
}
