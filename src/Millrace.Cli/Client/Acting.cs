using System.CommandLine;
using System.Net.Sockets;
using Polly.Timeout;

namespace Millrace.Cli.Client;

/// <summary>How commands end. Failures that a person can act on are one clear message on standard error; the table of exit codes is in docs/cli.md.</summary>
internal static class Acting
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NoAnswer = 3;
    public const int NotFound = 4;
    public const int NotAllowed = 5;

    // As shells have it: 128 and the number of SIGINT.
    public const int Stopped = 130;

    /// <summary>For the documentation, which a test compares.</summary>
    public static IReadOnlyList<(int Code, string Meaning)> Codes { get; } =
    [
        (Done, "What was asked for is done; `--watch`, which has no other end, was stopped"),
        (Failed, "It was not done, or what was checked is not well: the server refused it, a violation was found, `doctor` has a fail, some of many could not be retried"),
        (Usage, "Wrong usage: one line says what is wrong, and nothing was asked"),
        (NoAnswer, "The server was not reached, did not answer in time, or refused for now (429, 502, 503, 504), after all repeats. Whether a change was made is not known: repeat it with the same `--idempotency-key`. Of `verify`: the database or the PSP was not reached"),
        (NotFound, "What was named is not there (404)"),
        (NotAllowed, "The key is not known, or may not do that (401, 403)"),
        (Stopped, "Stopped from outside, such as by Ctrl-C, before it was done"),
    ];

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
            return await FailAsync(arguments, e.Message, Usage);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return await FailAsync(arguments, "stopped", Stopped);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            return await FailAsync(arguments, $"the server cannot be reached: {e.Message}", NoAnswer);
        }
        catch (Exception e) when (e is TimeoutRejectedException or TimeoutException)
        {
            return await FailAsync(arguments, e.Message, NoAnswer);
        }
        catch (ApiException e)
        {
            return await FailAsync(arguments, e.Message, Of(e));
        }
        catch (KeyNotFoundException)
        {
            // Of JSON that it sent: the element does not say which member.
            return await FailAsync(arguments, "what answered is no Millrace server, or one of another version: its answer lacks what every such answer has.", Failed);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or InvalidOperationException)
        {
            return await FailAsync(arguments, e.Message, Failed);
        }
    }

    /// <summary>The exit code of a refusal.</summary>
    public static int Of(ApiException refusal) => refusal.Status switch
    {
        401 or 403 => NotAllowed,
        404 => NotFound,
        _ => refusal.IsTransient ? NoAnswer : Failed,
    };

    public static async Task<int> FailAsync(ParseResult arguments, string words, int code)
    {
        await arguments.InvocationConfiguration.Error.WriteLineAsync($"millrace: {words}");
        return code;
    }
}
