using Millrace.Cli.Client;
using Millrace.Cli.Serve;
using Millrace.Gateways.Psp;

namespace Millrace.Cli.Psp;

/// <summary>What the payment provider knows us by: of whoever asks it, and of the simulator, which then asks for it.</summary>
internal static class PspKey
{
    private const string Variable = "MILLRACE_PSP_KEY";

    /// <returns>Null where none is set.</returns>
    /// <exception cref="UsageException">It cannot be sent.</exception>
    public static string? Read()
    {
        var key = Secret.Read(Variable);
        try
        {
            _ = PspAuthorization.Of(key);
            return key;
        }
        catch (ArgumentException unfit)
        {
            throw new UsageException($"{Variable}: {unfit.Message}");
        }
    }
}
