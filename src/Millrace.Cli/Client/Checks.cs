using System.CommandLine;

namespace Millrace.Cli.Client;

/// <summary>What a value must be beyond its type, told with all else that is wrong with a command line.</summary>
internal static class Checks
{
    /// <param name="objection">What is wrong with the value; null for nothing.</param>
    public static void Check<T>(this Option<T> option, Func<T?, string?> objection) => option.Validators.Add(given =>
    {
        T? value;
        try
        {
            value = given.GetValueOrDefault<T>();
        }
        catch (InvalidOperationException)
        {
            // It is not of its type, which is told without us.
            return;
        }

        if (objection(value) is { } words)
            given.AddError(words);
    });

    /// <summary>How many of something, of which none make no sense.</summary>
    public static void CheckCount(this Option<int> option) => option.Check(count => count < 1 ? $"{option.Name} is 1 or more." : null);
}
