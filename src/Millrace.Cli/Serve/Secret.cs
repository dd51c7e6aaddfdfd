using System.CommandLine;
using System.Text.RegularExpressions;
using Millrace.Cli.Client;

namespace Millrace.Cli.Serve;

/// <summary>
/// What nobody else may read comes from an environment variable, or from the file that the variable of its name and <c>_FILE</c> names. An option may
/// give what holds no password; with one it still works, and a warning says who can read it.
/// </summary>
internal static partial class Secret
{
    public const string FileSuffix = "_FILE";

    /// <returns>Null when neither variable is set.</returns>
    /// <exception cref="UsageException">Both are, or the file cannot be read.</exception>
    public static string? Read(string variable)
    {
        var (value, file) = (Environment.GetEnvironmentVariable(variable), Environment.GetEnvironmentVariable(variable + FileSuffix));
        if (file is null)
            return value;
        if (value is not null)
            throw new UsageException($"{variable} and {variable}{FileSuffix} are both set: which of them is meant?");
        return ReadFile(variable + FileSuffix, file);
    }

    /// <summary>An option's value, or else the variable's.</summary>
    public static string? Read(ParseResult arguments, Option<string?> option, string variable)
    {
        if (arguments.GetValue(option) is not { } given)
            return Read(variable);
        WarnOfPassword(option.Name, given, variable);
        return given;
    }

    /// <param name="option">Its name.</param>
    /// <param name="given">Its value.</param>
    /// <param name="variable">Where it belongs.</param>
    public static void WarnOfPassword(string option, string given, string variable)
    {
        if (Password().IsMatch(given))
            Console.Error.WriteLine($"millrace: {option} gives a password on the command line, which every user of this machine can read: use {variable}, or {variable}{FileSuffix}.");
    }

    /// <exception cref="UsageException">The file cannot be read.</exception>
    public static string ReadFile(string variable, string file)
    {
        try
        {
            // Editors end a file with a line break, which belongs to no secret.
            return File.ReadAllText(file).TrimEnd('\r', '\n');
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{variable}: {unreadable.Message}");
        }
    }

    [GeneratedRegex(@"(^|[;,])\s*(password|pwd|ssl password)\s*=\s*[^\s;,]", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Password();
}
